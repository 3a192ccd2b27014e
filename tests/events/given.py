"""Events and chats for the tests of the log, and functions that read a log."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime

from events.decisions import Ignored, Reply
from events.inbound import Message
from events.log import EVERYTHING, EventLog
from events.recorded import Recorded
from events.subjects import ChatKey

ANA = ChatKey("5511300000000", "5511999990001@s.whatsapp.net")
BIA = ChatKey("5511300000000", "5511999990002@s.whatsapp.net")
AT = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


def ignored(*messages: str, reason: str = "stale") -> Ignored:
    return Ignored(messages=messages, reason=reason, at=AT)


def message(id_: str, text: str = "hello") -> Message:
    return Message(id=id_, text=text)


def reply(key: ChatKey, id_: str, text: str = "hello yourself") -> Reply:
    return Reply(
        id=id_,
        turn="t1",
        chat=key.chat,
        account=key.account,
        text=text,
        in_reply_to=("m1",),
        author="assistant",
        at=AT,
    )


async def read_to_head(log: EventLog, after: int = 0, subject: str = EVERYTHING) -> list[Recorded]:
    """The events of the tail after `after`, up to the last event there is now."""
    last = (await log.head()).last
    return await take_until(log, lambda events: bool(events) and events[-1].seq >= last, after, subject)


async def take(log: EventLog, count: int, after: int = 0, subject: str = EVERYTHING) -> list[Recorded]:
    """The next `count` events after `after`."""
    return await take_until(log, lambda events: len(events) >= count, after, subject)


async def take_until(log, enough, after=0, subject=EVERYTHING, within=60.0):  # type: ignore[no-untyped-def]
    events: list[Recorded] = []
    async with asyncio.timeout(within), aclosing(log.tail(after, subject)) as tail:
        async for batch in tail:
            events += batch
            if enough(events):
                break
    return events
