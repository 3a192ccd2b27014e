"""The way in of every gateway: a message is acknowledged to its sender only after the log has it."""

from __future__ import annotations

import time

from events.ids import ChatKey
from events.inbound import LONGEST_ID, Message
from events.log import Appended, EventLog, LogError, LogFull

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
    """Stores what people write."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._looked = -_LOOK_EVERY

    async def store(self, key: ChatKey, message: Message) -> Appended:
        """Where the message stands in the log. Raises MessageIdRefused, LogNearlyFull, LogFull, EventTooLarge,
        LogUnavailable; after the last the same message may be stored again, and counts once."""
        if not 1 <= len(message.id) <= LONGEST_ID:
            raise MessageIdRefused(len(message.id))
        now = time.monotonic()
        if now - self._looked >= _LOOK_EVERY:
            head = await self._log.head()
            if head.limit and head.size >= FULL_AT * head.limit:
                raise LogNearlyFull(head.size, head.limit)
            self._looked = now
        return await self._log.publish(key, message, msg_id=f"in:{key.account}:{key.chat}:{message.id}")
