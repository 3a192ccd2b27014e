"""Divides turns into stretches: the first turn of each sees the history as it was, the others follow the one before."""

from __future__ import annotations

from collections.abc import Sequence

from recado.whatif.past import Past
from recado.whatif.plan import PlannedTurn


def cut_of(past: Past, turn: PlannedTurn) -> int:
    """The sequence of the log's first decision about the messages of the turn: what stands before it is what was known
    when they were answered."""
    return min((past.taken[message] for message in turn.messages if message in past.taken), default=past.last + 1)


def stretches(past: Past, turns: Sequence[PlannedTurn], *, go_on: bool) -> list[list[PlannedTurn]]:
    """The turns, in lists of those that follow one another.

    Where all that was answered before has its ending in the log before a turn's own messages were taken up, the turn is
    shown what really was said, and begins a list. Where messages were divided otherwise there is no such history: the
    turn follows the one before. With `go_on` every turn does.
    """
    found: list[list[PlannedTurn]] = []
    answered = 0  # where the last of the messages before has its ending; none: never
    for turn in turns:
        if found and (go_on or answered >= cut_of(past, turn)):
            found[-1].append(turn)
        else:
            found.append([turn])
        answered = max(answered, *(past.ended.get(message, past.last + 1) for message in turn.messages))
    return found
