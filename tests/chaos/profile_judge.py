"""Judges a log by the promise of profiles: each turn began by a profile that was in force then, and all decisions about
it are that profile's. It knows the events and the versions, and nothing of the rules that made them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from events.decisions import Reply, RunStarted, ThreadCreated, TurnStarted
from events.recorded import Recorded
from events.subjects import ChatKey


class Written(NamedTuple):
    """A version of a profile, written in this span of time; `removed` if it ended the profile."""

    ref: str
    accounts: tuple[str, ...]
    since: datetime
    until: datetime
    removed: bool = False


def judge(events: Iterable[Recorded], written: Sequence[Written], within: timedelta) -> list[str]:
    """A sentence on each broken promise. `within`: the time after which an instance has seen a version."""
    found: list[str] = []
    running: dict[ChatKey, TurnStarted] = {}
    for one in events:
        event, key = one.event, one.key
        if isinstance(event, TurnStarted):
            before = running.get(key)
            if event.instead is not None and event.fallback is not None:  # the same turn, with the second model
                if before is None or before.profile != event.profile:
                    found.append(f"{event.turn} fell to the second model of {event.profile!r}, and had another profile")
            elif event.profile not in _possible(written, key.account, one.at, within):
                found.append(f"{event.turn} began at {one.at} by {event.profile!r}, which was not in force")
            running[key] = event
        elif isinstance(event, RunStarted | ThreadCreated | Reply) and key in running:
            turn = running[key]
            if isinstance(event, Reply) and event.turn != turn.turn:
                continue
            if (event.profile or "") != turn.profile:
                found.append(
                    f"{type(event).__name__} at {one.seq} is of {event.profile!r}, its turn of {turn.profile!r}"
                )
    return found


def _possible(written: Sequence[Written], account: str, at: datetime, within: timedelta) -> set[str]:
    """The profiles by which a turn of the account may begin at `at`; empty: the instance's own settings."""
    mine = [one for one in written if account in one.accounts]
    possible = {""} if not mine or at < mine[0].until + within else set()
    for one, after in zip(mine, [*mine[1:], None], strict=True):
        if one.since <= at and (after is None or at < after.until + within):
            possible.add("" if one.removed else one.ref)
    return possible
