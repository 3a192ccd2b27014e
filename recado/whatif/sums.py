"""Sums of the cost and the duration of turns."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import msgspec

from events.decisions import Reply
from events.usage import TokenUsage
from recado.whatif.past import Ending, FormerTurn, Past
from recado.whatif.rehearsal import Rehearsed
from recado.whatif.replay import Chosen

_NOTHING = TokenUsage()


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the turns that were answered now, or over the log's turns that had answered the same messages.

    - `turns`: the number of turns.
    - `replies`: the number of turns with a reply.
    - `input_tokens`, `output_tokens`: tokens; those of turns without a reply are known only for now.
    - `seconds`: the sum of their durations (then), or of the model's times (now).
    - `median_tokens`: the median of tokens of turns with a reply.
    - `median_seconds`: the median of seconds of turns with a reply.
    """

    turns: int
    replies: int
    input_tokens: int
    output_tokens: int
    seconds: float
    median_tokens: float
    median_seconds: float


def sums_then(answered: Sequence[tuple[Chosen, Rehearsed]]) -> Sums:
    """The sums of the log's turns that led to the endings of these messages, each turn once."""
    turns: dict[str, FormerTurn] = {}
    for chosen, one in answered:
        endings = [chosen.past.endings[message] for message in one.turn.messages if message in chosen.past.endings]
        found = [turn_of(chosen.past, ending) for ending in endings]
        turns |= {turn.id: turn for turn in found if turn is not None}
    costs = [
        _Cost(turn.ending.usage if isinstance(turn.ending, Reply) else None, seconds_of(turn) or 0.0)
        for turn in turns.values()
    ]
    return _sums(costs)


def sums_now(answered: Sequence[Rehearsed]) -> Sums:
    """The sums of the turns that were answered now."""
    lost = TokenUsage()
    for one in answered:
        lost += TokenUsage() if isinstance(one.ending, Reply) else one.usage
    return _sums([_Cost(one.usage if isinstance(one.ending, Reply) else None, one.seconds) for one in answered], lost)


class _Cost(NamedTuple):
    """The cost of a turn; `usage` is None for a turn without a reply."""

    usage: TokenUsage | None
    seconds: float


def _sums(costs: Sequence[_Cost], lost: TokenUsage = _NOTHING) -> Sums:
    usages = [cost.usage for cost in costs if cost.usage is not None]
    total = sum(usages, lost)
    return Sums(
        turns=len(costs),
        replies=len(usages),
        input_tokens=total.input_tokens,
        output_tokens=total.output_tokens,
        seconds=sum(cost.seconds for cost in costs),
        median_tokens=float(median([usage.input_tokens + usage.output_tokens for usage in usages] or [0])),
        median_seconds=median([cost.seconds for cost in costs if cost.usage is not None] or [0.0]),
    )


def turn_of(past: Past, ending: Ending) -> FormerTurn | None:
    """The log's turn with this ending; None if no turn led to it."""
    return next((turn for turn in past.turns if turn.ending is ending), None)


def seconds_of(turn: FormerTurn | None) -> float | None:
    return turn.took.total_seconds() if turn is not None and turn.took is not None else None
