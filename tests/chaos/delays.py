"""How long people waited, by the server's own stamps: in the chats of an instance in trouble, and in all others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from events.decisions import Ignored, Reply, TurnFailed
from events.ids import ChatKey
from events.inbound import Message
from events.recorded import Recorded


class Wait(NamedTuple):
    """A message came `at`, and was answered or ended after so many `seconds`. `before` is the instance that had decided
    last about the chat, `by` the one that ended the message."""

    at: datetime
    seconds: float
    before: str
    by: str


class Delays:
    """What a log says of them."""

    def __init__(self, events: Iterable[Recorded]) -> None:
        self.waits: list[Wait] = []
        last: dict[ChatKey, str] = {}
        arrived: dict[tuple[ChatKey, str], tuple[datetime, str]] = {}
        for recorded in events:
            match recorded.event:
                case Message(id=id_):
                    arrived.setdefault((recorded.key, id_), (recorded.at, last.get(recorded.key, "")))
                case Reply(in_reply_to=ended) | Ignored(messages=ended) | TurnFailed(messages=ended):
                    by = instance_of(recorded)
                    for id_ in ended:
                        if (came := arrived.pop((recorded.key, id_), None)) is not None:
                            seconds = (recorded.at - came[0]).total_seconds()
                            self.waits.append(Wait(came[0], seconds, came[1] or by, by))
            if recorded.side == "o":
                last[recorded.key] = instance_of(recorded)

    def worst_of(self, instance: str, since: datetime, seconds: float) -> float:
        """The longest wait of a message that came in these seconds into a chat that the instance had; 0 if none did."""
        return self._worst(since, seconds, lambda wait: wait.before == instance)

    def worst_without(self, troubled: Collection[str], since: datetime, seconds: float) -> float:
        """The same of chats with which none of these instances had anything to do."""
        return self._worst(since, seconds, lambda wait: wait.before not in troubled and wait.by not in troubled)

    def _worst(self, since: datetime, seconds: float, counts: Callable[[Wait], bool]) -> float:
        until = since + timedelta(seconds=seconds)
        return max((wait.seconds for wait in self.waits if since <= wait.at < until and counts(wait)), default=0.0)


def instance_of(recorded: Recorded) -> str:
    """The name of the instance that wrote a decision: its id is `<instance>-<incarnation>:<counter>`."""
    return recorded.msg_id.rpartition(":")[0].rpartition("-")[0]
