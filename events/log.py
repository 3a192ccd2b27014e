"""The log: one ordered sequence of events. Each append checks that the chat's last decision is the expected one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from events.account_update import AccountUpdate
from events.decisions import Decision
from events.inbound import Inbound
from events.phrases import Phrase
from events.recorded import Recorded
from events.subjects import ChatKey

EVERYTHING = "evt.>"
"""The filter of a tail of all events."""

Tail = Callable[[int, str], AsyncGenerator[list[Recorded], None]]
"""Reads events as EventLog.tail does: every one after a sequence that a filter matches."""


class LogError(Exception):
    """The log could not carry out a request, for `reason`."""

    def __init__(self, reason: Phrase) -> None:
        super().__init__(reason)
        self.reason = reason


class WrongExpectedVersion(LogError):
    """The chat's last decision is at sequence `actual`, not at `expected`: another actor has decided meanwhile."""

    def __init__(self, key: ChatKey, expected: int, actual: int) -> None:
        super().__init__(
            Phrase("the chat's last decision is at %(actual)s, not at %(expected)s", actual=actual, expected=expected)
        )
        self.key = key
        self.expected = expected
        self.actual = actual


class LogUnavailable(LogError):
    """No answer, or none that tells whether the event was stored. The same append may be tried again."""


class NotStored(LogUnavailable):
    """The bus refused the write, or did not get it: nothing was stored."""


class WriteUnknown(LogUnavailable):
    """It is not known whether a write was stored, though it was tried again."""

    def __init__(self, reason: LogUnavailable) -> None:
        super().__init__(
            Phrase(
                "it is not known whether this was stored: look before you do it again (%(reason)s)",
                reason=reason.reason,
            )
        )


class LogFull(LogError):
    """The stream is at `max_bytes` or the server's disk is full; nothing was stored."""


class EventTooLarge(LogError):
    """The event has `size` bytes, the server accepts `limit`; nothing was stored."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            Phrase("the event has %(size)s bytes, the server takes %(limit)s: shorten it", size=size, limit=limit)
        )
        self.size = size
        self.limit = limit


class LogMismatch(LogError):
    """The bus has a stream of this name that recado cannot use; the message says what to do."""


class Appended(msgspec.Struct, frozen=True):
    """An event's sequence in the log; `duplicate` if the log already had the event under the same message id."""

    seq: int
    duplicate: bool = False


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The log's state.

    - `created`: identifies this stream: a new stream of the same name has another time.
    - `now`: the server's clock.
    - `first`, `last`: sequences.
    - `size`: bytes.
    - `limit`: the most bytes; 0: no limit.
    """

    created: datetime
    now: datetime
    first: int
    last: int
    size: int
    limit: int


class RawMessage(msgspec.Struct, frozen=True):
    """A stored message as it came, for dead letters and for `recado events`."""

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
        chat's last event of either side is at that sequence, so that nothing came in meanwhile either. (A cluster does
        not promise that for messages that are on their way to the stream at that very moment: one may get its place
        before the decision.)

        The append also succeeds if that last decision has the id `msg_id`: an earlier try arrived and its answer was
        lost. Raises WrongExpectedVersion, LogFull, EventTooLarge.
        """

    async def publish(self, key: ChatKey, event: Inbound, *, msg_id: str) -> Appended:
        """Store an inbound event, as a gateway does. Raises LogFull, EventTooLarge."""

    async def bury(
        self, account: str, body: bytes, *, reason: str, msg_id: str, chat: str | None = None, seq: int = 0
    ) -> None:
        """Keep bytes as a dead letter of `account`: those of the event at `seq`, if the log has them, and of `chat`, if
        they are known to be of one."""

    async def note(self, account: str, update: AccountUpdate) -> None:
        """Keep news of an account, once for each id. Raises LogFull, EventTooLarge."""

    async def notes(self, account: str | None = None) -> list[tuple[str, AccountUpdate]]:
        """The kept news of one account or of all, the oldest first, each with its account."""

    async def erase_letters(self, key: ChatKey) -> int:
        """Take every dead letter that is known to be of the chat off the disk; how many there were."""

    async def last_decision(self, key: ChatKey, type_: str = "*") -> Recorded | None:
        """The chat's last decision, or its last one of this type, as the stream's leader has it."""

    async def last_of(self, key: ChatKey) -> int:
        """Sequence of the chat's last event, of either side, as the stream's leader has it; 0 if it has none."""

    async def known(self, chat: str) -> dict[str, dict[str, int]]:
        """The accounts in which `chat` has events, as the stream's leader has them: in each, the number of events of
        each type."""

    async def chats_with(self, type_: str) -> list[ChatKey]:
        """The chats that have a decision of this type, as the stream's leader has them."""

    async def canonical_names(self, name: str) -> dict[str, str]:
        """The accounts in which `name` is another name of a person: in each, the canonical one, as the bucket ALIASES
        has it."""

    def of_chat(self, key: ChatKey, before: int) -> AsyncGenerator[Recorded, None]:
        """The events of a chat before sequence `before`, oldest first, as the stream's leader has them."""

    async def erase(self, seq: int) -> None:
        """Remove the event at `seq` from the log and overwrite its bytes on disk. No error if it is gone already."""

    async def read(self, seq: int) -> RawMessage | None:
        """The stored message at `seq`; None if there is none (any more)."""

    async def mark(self, reads: int) -> None:
        """Note, before the first event of the set `reads` of types, that a release that does not read it must not start
        on this log (see codec.READS)."""

    async def head(self) -> Head:
        """The log's state now."""

    def tail(self, after: int, subject: str = EVERYTHING) -> AsyncGenerator[list[Recorded], None]:
        """Every event after sequence `after` that `subject` matches, in order, without gaps, for ever.

        Yields the events there are, at most 1,000 at a time, and fetches only a bounded number ahead of the reader.
        Outlives reconnects and restarts of the server; ends by `close`. A reader that leaves its loop early closes the
        generator (`contextlib.aclosing`). Raises LogMismatch if the stream is replaced meanwhile, or has lost events
        that were read (a server killed before it synced them, a restored backup).
        """

    async def close(self) -> None:
        """End every tail and release the bus."""
