"""Judges a log by the promise of documents: the passages of a look-up were in force then, and the reply is made of
them, as the log has them. It knows the events and the versions, and nothing of the rules that made them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from events.decisions import Reply, TurnStarted
from events.recorded import Recorded
from events.subjects import ChatKey
from events.tool_calls import Passage, ToolCalled, ToolReturned


class Stored(NamedTuple):
    """A version of a document, stored in this span of time; `words` are in each answer that is made of it."""

    document: str
    seq: int
    words: str
    since: datetime
    until: datetime


def judge(events: Iterable[Recorded], versions: Sequence[Stored], within: timedelta) -> list[str]:
    """A sentence on each broken promise. `within`: the time after which an instance has seen a version."""
    found: list[str] = []
    called: dict[tuple[ChatKey, str], datetime] = {}
    shown: dict[ChatKey, tuple[Passage, ...]] = {}
    returned: set[tuple[ChatKey, str, str]] = set()
    for one in events:
        event, key = one.event, one.key
        match event:
            case TurnStarted():
                shown.pop(key, None)
            case ToolCalled():
                called[key, event.call] = one.at
            case ToolReturned():
                if (key, event.turn, event.call) in returned:
                    found.append(f"{event.call} of {event.turn} returned twice")
                returned.add((key, event.turn, event.call))
                asked = called.get((key, event.call), one.at)
                found += [
                    f"{event.turn} was shown {passage.document} version {passage.seq}, which was not in force"
                    for passage in event.passages
                    if not _was_in_force(passage, versions, asked, one.at, within)
                ]
                shown[key] = event.passages
            case Reply(author="assistant") if shown.get(key):
                words = {version.seq: version.words for version in versions}
                if words.get(shown[key][0].seq, "nothing") not in event.text:
                    found.append(f"{event.id} is not made of version {shown[key][0].seq}: {event.text!r}")
    return found


def _was_in_force(
    passage: Passage, versions: Sequence[Stored], asked: datetime, returned: datetime, within: timedelta
) -> bool:
    mine = [version for version in versions if version.document == passage.document]
    for version, after in zip(mine, [*mine[1:], None], strict=False):
        if version.seq == passage.seq:
            return version.since <= returned and (after is None or asked <= after.until + within)
    return False
