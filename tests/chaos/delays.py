"""How long people waited, by the server's own stamps: in the chats of an instance in trouble, and in all others."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from events.decisions import Ignored, Reply, TurnFailed
from events.ids import ChatKey
from events.inbound import Message
from events.recorded import Recorded


class Wait(NamedTuple):
    """A message came `at`, and was answered or ended after so many `seconds`."""

    key: ChatKey
    at: datetime
    seconds: float


class Delays:
    """What a log says of them."""

    def __init__(self, events: Iterable[Recorded]) -> None:
        self.waits: list[Wait] = []
        self._decided: dict[ChatKey, list[tuple[datetime, str]]] = defaultdict(list)
        arrived: dict[tuple[ChatKey, str], datetime] = {}
        for recorded in events:
            if recorded.side == "o":
                self._decided[recorded.key].append((recorded.at, instance_of(recorded)))
            match recorded.event:
                case Message(id=id_):
                    arrived.setdefault((recorded.key, id_), recorded.at)
                case Reply(in_reply_to=ended) | Ignored(messages=ended) | TurnFailed(messages=ended):
                    for id_ in ended:
                        if (at := arrived.pop((recorded.key, id_), None)) is not None:
                            self.waits.append(Wait(recorded.key, at, (recorded.at - at).total_seconds()))

    def worst(self, since: datetime, seconds: float, *, of: str | None = None, without: Sequence[str] = ()) -> float:
        """The longest wait of a message that came in these seconds: in the chats that the instance `of` had at `since`,
        or in those that nobody of `without` had; 0 if nobody wrote."""
        until = since + timedelta(seconds=seconds)
        return max(
            (
                wait.seconds
                for wait in self.waits
                if since <= wait.at < until and self._counts(self._owner(wait.key, since), of, without)
            ),
            default=0.0,
        )

    def _owner(self, key: ChatKey, at: datetime) -> str:
        """The instance that decided last about the chat before `at`, or first after it."""
        decided = self._decided[key]
        place = bisect_right(decided, at, key=lambda one: one[0])
        return decided[max(0, place - 1)][1] if decided else ""

    @staticmethod
    def _counts(owner: str, of: str | None, without: Sequence[str]) -> bool:
        return owner == of if of is not None else owner not in without


def instance_of(recorded: Recorded) -> str:
    """The name of the instance that wrote a decision: its id is `<instance>-<incarnation>:<counter>`."""
    return recorded.msg_id.rpartition(":")[0].rpartition("-")[0]
