"""Stores inbound messages for every gateway, which acknowledges a message to its sender only after the log has it."""

from __future__ import annotations

import time

from events.inbound import INBOUND_TYPE_OF, LONGEST_ID, Edit, Message, Revoke
from events.log import Appended, EventLog, LogError, LogFull
from events.subjects import ChatKey

FULL_AT = 0.9
"""Share of the log's limit above which no new message is stored: the rest is for endings and receipts."""

_LOOK_EVERY = 1.0


class LogNearlyFull(LogFull):
    """`size` of `limit` bytes are used; the message was not stored."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"the log is {size / limit:.0%} full ({size:,} of {limit:,} bytes): nothing new is taken in until "
            "there is room; give the stream EVENTS more max_bytes"
        )
        self.size = size
        self.limit = limit


class MessageIdRefused(LogError):
    """The id has `size` characters, which no reader of the log accepts; the message was not stored."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the message's id has {size:,} characters: give it 1 to {LONGEST_ID}")
        self.size = size


class Intake:
    """Stores messages, edits and deletions."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._looked = -_LOOK_EVERY

    async def room(self) -> None:
        """Check, at most once a second, that the log has space. Raises LogNearlyFull, LogUnavailable."""
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY:
            return
        head = await self._log.head()
        if head.limit and head.size >= FULL_AT * head.limit:
            raise LogNearlyFull(head.size, head.limit)
        self._looked = now

    async def store(self, key: ChatKey, event: Message | Edit | Revoke) -> Appended:
        """Store the event; returns its place in the log.

        Raises MessageIdRefused, LogNearlyFull, LogFull, EventTooLarge, LogUnavailable. After LogUnavailable the same
        event may be stored again, and counts once.
        """
        if not 1 <= len(event.id) <= LONGEST_ID:
            raise MessageIdRefused(len(event.id))
        await self.room()
        msg_id = f"{INBOUND_TYPE_OF[type(event)]}:{key.account}:{key.chat}:{event.id}"
        return await self._log.publish(key, event, msg_id=msg_id)
