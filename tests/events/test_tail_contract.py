"""The promises of the tails of every log."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from events.log import EventLog
from events.subjects import ChatKey, account_filter, chat_filter
from tests.events.every_log import kind, log, make_log
from tests.events.given import ANA, BIA, message, read_to_head, take
from tests.waiting import until

__all__ = ["kind", "log", "make_log"]


async def test_a_tail_from_the_middle(log: EventLog) -> None:
    """Given five events, when a reader that has seen two comes, then it gets the other three."""
    for number in range(5):
        await log.publish(ANA, message(f"m{number}"), msg_id=f"in:{number}")
    assert [event.seq for event in await read_to_head(log, after=2)] == [3, 4, 5]


async def test_a_tail_brings_what_is_appended_while_it_waits(log: EventLog) -> None:
    """Given a reader at the end of the log, when an event is appended, then it gets it."""
    waiting = asyncio.create_task(take(log, 2))
    await log.publish(ANA, message("m1"), msg_id="in:1")
    await log.publish(ANA, message("m2"), msg_id="in:2")
    assert [event.seq for event in await waiting] == [1, 2]


@pytest.mark.parametrize(
    ("subject", "seen"),
    [(account_filter("5511300000000"), [1, 2]), (chat_filter(BIA), [2]), (account_filter("other.account"), [3])],
)
async def test_a_tail_of_a_part(log: EventLog, subject: str, seen: list[int]) -> None:
    """Given events of three chats, when an account or a chat is followed, then nothing else comes."""
    for number, key in enumerate((ANA, BIA, ChatKey("other.account", ANA.chat))):
        await log.publish(key, message(f"m{number}"), msg_id=f"in:{number}")
    assert [event.seq for event in await take(log, len(seen), subject=subject)] == seen


async def test_two_tails_read_each_for_itself(log: EventLog) -> None:
    """Given two readers, when one is slow, then the other is not."""
    for number in range(3):
        await log.publish(ANA, message(f"m{number}"), msg_id=f"in:{number}")
    async with aclosing(log.tail(0)) as slow:
        await anext(slow)
        assert len(await read_to_head(log)) == 3


async def test_closing_ends_the_tails(log: EventLog) -> None:
    """Given a reader that waits, when the log is closed, then its loop ends."""
    seen = []

    async def follow() -> None:
        async for batch in log.tail(0):
            seen.extend(batch)

    reader = asyncio.create_task(follow())
    await log.publish(ANA, message("m1"), msg_id="in:1")
    await until(lambda: seen)
    await log.close()
    await asyncio.wait_for(reader, 60)
    assert len(seen) == 1
