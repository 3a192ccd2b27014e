"""The time that people waited for the end of their messages, by the server's own stamps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from events.decisions import Ignored, Reply, TurnFailed
from events.inbound import Message
from events.recorded import Recorded
from events.subjects import ChatKey


class Wait(NamedTuple):
    """A message came into the chat `at`, and was answered or ended after so many `seconds` by an instance. `before` is
    the one that had decided last about the chat when it came."""

    key: ChatKey
    at: datetime
    seconds: float
    before: str
    by: str


def waits(events: Iterable[Recorded]) -> list[Wait]:
    """Every message that was ended, in the order of the endings."""
    ended: list[Wait] = []
    last: dict[ChatKey, str] = {}
    arrived: dict[tuple[ChatKey, str], tuple[datetime, str]] = {}
    for recorded in events:
        match recorded.event:
            case Message(id=id_):
                arrived.setdefault((recorded.key, id_), (recorded.at, last.get(recorded.key, "")))
            case Reply(in_reply_to=messages) | Ignored(messages=messages) | TurnFailed(messages=messages):
                by = instance_of(recorded)
                for id_ in messages:
                    at, before = arrived.pop((recorded.key, id_), (None, ""))
                    if at is not None:
                        ended.append(Wait(recorded.key, at, (recorded.at - at).total_seconds(), before or by, by))
        if recorded.side == "o":
            last[recorded.key] = instance_of(recorded)
    return ended


def instance_of(recorded: Recorded) -> str:
    """The name of the instance that wrote a decision: its id is `<instance>-<incarnation>:<counter>`."""
    return recorded.msg_id.rpartition(":")[0].rpartition("-")[0]
