"""Divides turns into stretches: the first turn of each sees the history as it was, the others follow the one before."""

from __future__ import annotations

from collections.abc import Sequence

from recado.whatif.past import Past
from recado.whatif.plan import PlannedTurn


def cut_of(past: Past, turn: PlannedTurn) -> int:
    """The sequence of the log's first decision about the turn's messages; earlier events were known at their answer."""
    return min((past.taken[message] for message in turn.messages if message in past.taken), default=past.last + 1)


def stretches(past: Past, turns: Sequence[PlannedTurn], *, go_on: bool) -> list[list[PlannedTurn]]:
    """The turns, in lists of turns that follow one another.

    A turn begins a list, and sees the history as it was, if in the log all messages before it had their endings before
    its own messages were taken up. If the log divided the messages otherwise, there is no such history, and the turn
    follows the one before. With `go_on` every turn does.
    """
    found: list[list[PlannedTurn]] = []
    answered = 0  # the sequence of the last ending of earlier messages; beyond the log if one has no ending
    for turn in turns:
        if found and (go_on or answered >= cut_of(past, turn)):
            found[-1].append(turn)
        else:
            found.append([turn])
        answered = max(answered, *(past.ended.get(message, past.last + 1) for message in turn.messages))
    return found
