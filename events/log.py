"""The log: one ordered sequence of events. Each append checks that the chat's last decision is the expected one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from events.decisions import Decision
from events.inbound import Inbound
from events.recorded import Recorded
from events.subjects import ChatKey

EVERYTHING = "evt.>"
"""The filter of a tail that leaves nothing out."""


class LogError(Exception):
    """The log could not do what it was asked."""


class WrongExpectedVersion(LogError):
    """The chat decided something else meanwhile: its last decision is not at sequence `expected` but at `actual`."""

    def __init__(self, key: ChatKey, expected: int, actual: int) -> None:
        super().__init__(f"the chat's last decision is at {actual}, not at {expected}")
        self.key = key
        self.expected = expected
        self.actual = actual


class LogUnavailable(LogError):
    """No answer, or none that says whether the event was stored. The same append may be tried again."""


class LogFull(LogError):
    """The stream is at `max_bytes` or the server's disk is full; nothing was stored."""


class EventTooLarge(LogError):
    """The event has `size` bytes, the server takes `limit`; nothing was stored."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the event has {size:,} bytes, the server takes {limit:,}: shorten it")
        self.size = size
        self.limit = limit


class LogMismatch(LogError):
    """The bus has a stream of this name that recado cannot use; the message says what to do."""


class Appended(msgspec.Struct, frozen=True):
    """Where an event stands in the log; `duplicate` when it stood there before under the same message id."""

    seq: int
    duplicate: bool = False


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The log's state. `created` names this very stream (a new one has another), `now` is the server's clock,
    `size` and `limit` are bytes (`limit` 0: none)."""

    created: datetime
    now: datetime
    first: int
    last: int
    size: int
    limit: int


class RawMessage(msgspec.Struct, frozen=True):
    """A stored message as it came: for dead letters and for `recado events`."""

    seq: int
    subject: str
    headers: Mapping[str, str]
    body: bytes


class EventLog(Protocol):
    """Append, read, follow. Every method may raise LogUnavailable."""

    async def append(
        self, key: ChatKey, decision: Decision, *, expected: int, msg_id: str, last: int | None = None
    ) -> Appended:
        """Append a decision if the chat's last one is at sequence `expected` (0: it has none). With `last`, only if the
        chat's last event of either side is at that sequence: nothing came in meanwhile either. (In a cluster that does
        not hold for what is under way to the stream at that very moment: it may come to stand before the decision.)

        Success also if that last decision bears `msg_id`: an earlier try arrived and its answer was lost. Raises
        WrongExpectedVersion, LogFull, EventTooLarge.
        """

    async def publish(self, key: ChatKey, event: Inbound, *, msg_id: str) -> Appended:
        """Store what came in, as a gateway does. Raises LogFull, EventTooLarge."""

    async def bury(self, account: str, body: bytes, *, reason: str, msg_id: str) -> None:
        """Keep bytes that cannot be an event as a dead letter of `account`."""

    async def last_decision(self, key: ChatKey) -> Recorded | None:
        """The chat's last decision, asked of the stream's leader."""

    async def last_of(self, key: ChatKey) -> int:
        """Sequence of the chat's last event, of either side, asked of the stream's leader; 0 if it has none."""

    def of_chat(self, key: ChatKey, before: int) -> AsyncGenerator[Recorded, None]:
        """The events of a chat that stand before sequence `before`, oldest first, asked of the stream's leader."""

    async def erase(self, seq: int) -> None:
        """Take the event at `seq` out of the log and overwrite its bytes on disk. One that is gone is no error."""

    async def read(self, seq: int) -> RawMessage | None:
        """The stored message at `seq`; None if there is none (any more)."""

    async def head(self) -> Head:
        """The log's state now."""

    def tail(self, after: int, subject: str = EVERYTHING) -> AsyncGenerator[list[Recorded], None]:
        """Every event behind sequence `after` that `subject` matches, in order, without gaps, for ever.

        Yields what is there, at most 1,000 at a time, and fetches only a bounded number ahead of the reader. Outlives
        reconnects and restarts of the server; ends by `close`. Whoever leaves its loop early closes the generator
        (`contextlib.aclosing`). Raises LogMismatch if the stream is replaced meanwhile, or has
        lost events that were read (a server killed before it synced them, a backup put back).
        """

    async def close(self) -> None:
        """End every tail and let go of the bus."""
