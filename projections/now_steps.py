"""How it stands now, where something is still to come: what is waited for, and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from events.recorded import Recorded
from projections.reads.views import Entry, TurnView, Why
from projections.story.step import Step, lasting, names

_PAUSED = {
    "paused": "the chat is paused",
    "taken_over": "a human has the chat",
    "handed_off": "a human was asked to take the chat over",
}


def message_now(entry: Entry, known: Why, facts: Sequence[Recorded], now: datetime) -> Step:
    """What an open message waits for."""
    standing, turn = known.standing, known.turn
    if turn is not None and turn.state == "running":
        return turn_now(turn, known, facts, now)
    since = f", since {lasting(now - entry.at)}"
    if standing.orders:
        return _now(f"an order is obeyed first: {names(standing.orders)}{since}", entry.at)
    if standing.paused_for is not None:
        until = standing.paused_until
        what = f"{_PAUSED.get(standing.paused_for, standing.paused_for)}, and nothing is answered"
        return _now(what if until else f"{what} until somebody resumes", entry.at, until)
    if standing.turn is not None:
        return _now(f"waiting for the turn before it, {standing.turn}, to end{since}", entry.at)
    others = [id_ for id_ in standing.waiting if id_ != entry.id]
    together = f", together with {names(others)}" if others else ""
    return _now(f"waiting for the burst to end{together}{since}", entry.at)


def turn_now(turn: TurnView, known: Why, facts: Sequence[Recorded], now: datetime) -> Step:
    """What a turn that runs is at."""
    standing = known.standing
    since = facts[-1].at if facts else turn.at
    span = f"since {lasting(now - since)}"
    if standing.unread:
        return _now(f"being read {span}: the file of {names(standing.unread)}", since)
    if standing.calling:
        return _now(f"at work {span}: the tool {names(standing.calling)}", since)
    return _now(f"the model is writing {span}", since)


def unowned(known: Why, owners: Mapping[int, str] | None) -> Step | None:
    """Whether nobody is there to do what is owed; `owners` as in `story`."""
    if owners is None or known.partition in owners:
        return None
    what = f"nobody owns this partition, {known.partition}: start an instance with recado up or recado serve"
    return _now(what, None)


def _now(what: str, since: datetime | None, until: datetime | None = None) -> Step:
    return Step(at=since, kind="now", what=what, until=until)
