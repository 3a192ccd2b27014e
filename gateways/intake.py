"""The way in of every gateway: a message is acknowledged to its sender only after the log has it."""

from __future__ import annotations

import time

from events.inbound import INBOUND_TYPE_OF, LONGEST_ID, Edit, Message, Revoke
from events.log import Appended, EventLog, LogError, LogFull
from events.subjects import ChatKey

MIB = 1024**2

LARGEST = {"audio": 16 * MIB, "video": 16 * MIB, "image": 5 * MIB, "document": 100 * MIB, "sticker": MIB}
"""Bytes, by kind: what WhatsApp lets people send. More is not loaded."""


FULL_AT = 0.9
"""Share of the log's limit from which nothing new is taken in: the rest is for endings and receipts."""

_LOOK_EVERY = 1.0


class LogNearlyFull(LogFull):
    """`size` of `limit` bytes are taken; the message was not stored."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"the log is {size / limit:.0%} full ({size:,} of {limit:,} bytes): nothing new is taken in until "
            "there is room; give the stream EVENTS more max_bytes"
        )
        self.size = size
        self.limit = limit


class MessageIdRefused(LogError):
    """The id has `size` characters: nobody could read such a message, and it was not stored."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the message's id has {size:,} characters: give it 1 to {LONGEST_ID}")
        self.size = size


class Intake:
    """Stores what people write, and what they change of it."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._looked = -_LOOK_EVERY

    async def room(self) -> None:
        """Look, at most once a second, whether the log takes anything new. Raises LogNearlyFull, LogUnavailable."""
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY:
            return
        head = await self._log.head()
        if head.limit and head.size >= FULL_AT * head.limit:
            raise LogNearlyFull(head.size, head.limit)
        self._looked = now

    async def store(self, key: ChatKey, event: Message | Edit | Revoke) -> Appended:
        """Where the event stands in the log. Raises MessageIdRefused, LogNearlyFull, LogFull, EventTooLarge,
        LogUnavailable; after the last the same event may be stored again, and counts once."""
        if not 1 <= len(event.id) <= LONGEST_ID:
            raise MessageIdRefused(len(event.id))
        await self.room()
        msg_id = f"{INBOUND_TYPE_OF[type(event)]}:{key.account}:{key.chat}:{event.id}"
        return await self._log.publish(key, event, msg_id=msg_id)
