"""Chats in memory get events before the projection has them: each event once, in the order of the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from actors.chat_actor import ChatActor
from events.inbound import Message, Receipt
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import PARTITIONS, ChatKey
from tests.actors.house import ANA, BOB, House
from tests.projections.past import Past
from tests.waiting import until

GROUP = ChatKey("local", "120363041234567890@g.us")


@pytest.fixture
def past() -> Past:
    return Past()


@asynccontextmanager
async def quiet() -> AsyncIterator[House]:
    """An instance that owns every chat; the test reads the log for it."""
    home = House(MemoryLog(), "one", debounce=3600.0)
    home.router.take(range(PARTITIONS))
    try:
        yield home
    finally:
        await home.router.close()


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sequences of the events that actors got, in order."""
    heard: list[int] = []
    take_in = ChatActor._take_in

    def note(self: ChatActor, recorded: Recorded) -> None:
        heard.append(recorded.seq)
        take_in(self, recorded)

    monkeypatch.setattr(ChatActor, "_take_in", note)
    return heard


def message(past: Past, id_: str, key: ChatKey = ANA) -> Recorded:
    return past.message(id_, key=key)


async def commit(home: House, *events: Recorded) -> None:
    home.router.dispatch([home.reads.commit(event) for event in events])
    await asyncio.sleep(0)


async def deliver_early(home: House, *events: Recorded) -> bool:
    waits = home.router.deliver_early(events)
    await asyncio.sleep(0)
    return waits


async def test_a_chat_in_memory_is_told_at_once_and_once(told: list[int], past: Past) -> None:
    """The first message wakes the chat and so waits for the projection; later ones do not wait."""
    async with quiet() as home:
        first = message(past, "m1")
        assert await deliver_early(home, first)
        assert not home.router
        await commit(home, first)
        second, third = message(past, "m2"), message(past, "m3")
        assert not await deliver_early(home, second)
        assert not await deliver_early(home, third)
        assert told == [2, 3], "the first is in the snapshot that it woke from"
        await commit(home, second, third)
        assert told == [2, 3]


async def test_events_before_the_waking_are_told_first(told: list[int], past: Past) -> None:
    """Events that were read while the chat slept are delivered at their commit; until then no event is delivered
    early."""
    async with quiet() as home:
        events = [message(past, f"m{number}") for number in range(1, 5)]
        assert await deliver_early(home, events[0])
        assert await deliver_early(home, events[1])
        await commit(home, events[0])
        assert await deliver_early(home, events[2])
        assert told == []
        await commit(home, events[1])
        assert await deliver_early(home, events[3]), "the third is not told yet"
        await commit(home, events[2], events[3])
        assert told == [2, 3, 4]
        assert not await deliver_early(home, message(past, "m5"))
        assert told == [2, 3, 4, 5]


async def test_a_repeat_is_not_told(told: list[int], past: Past) -> None:
    """Neither early nor at its commit."""
    async with quiet() as home:
        await commit(home, message(past, "m1"))
        again = message(past, "m1")
        assert not await deliver_early(home, again)
        await commit(home, again)
        assert told == []


async def test_events_of_other_instances_chats_are_not_waited_for(told: list[int], past: Past) -> None:
    """Nor for a decision of a sleeping chat, nor for the receipt of a reply to one person."""
    async with quiet() as home:
        past.answered(1, key=BOB)
        receipt = past.happened(Receipt(id="r1", reply="t1.r", state="sent"), ANA)
        assert not await deliver_early(home, past.events[1], receipt)
        home.router.let_go(range(PARTITIONS), finish=False)
        assert not await deliver_early(home, message(past, "m1"))
        assert told == []


async def test_a_group_hears_by_which_name_it_can_quote_a_reply(told: list[int], past: Past) -> None:
    async with quiet() as home:
        await commit(home, message(past, "m1", GROUP))
        receipt = past.happened(Receipt(id="r1", reply="t1.r", state="sent", provider_id="wamid.1"), GROUP)
        assert not await deliver_early(home, receipt)
        assert told == [receipt.seq]


async def test_chats_read_before_the_takeover_are_found(past: Past) -> None:
    """The chat sleeps, and the projection did not have the event yet when the partition became ours."""
    async with quiet() as home:
        home.router.let_go(range(PARTITIONS), finish=False)
        event = message(past, "m1")
        assert not await deliver_early(home, event)
        home.router.take(range(PARTITIONS))
        await until(lambda: home.reads.waiting)
        assert not home.router, "it waits for the projection"
        home.reads.commit(event)
        await until(lambda: len(home.router))


async def test_a_chat_that_was_told_ahead_stays_until_the_projection_has_it(past: Past) -> None:
    """Otherwise it would wake from a snapshot without the events that it got early."""
    async with quiet() as home:
        first, second = (past.happened(Message(id=f"m{n}", text="like", kind="reaction"), ANA) for n in (1, 2))
        await commit(home, first)
        assert not await deliver_early(home, second)
        actor = home.actor(ANA)
        await until(lambda: actor._chat.inbound_seq == second.seq and not actor._chat.waiting)
        assert actor._appending is None, "both are ignored, and nothing is in flight"
        home.router._passivate_idle(-1.0)
        await asyncio.sleep(0)
        assert len(home.router) == 1
        await commit(home, second)
        home.router._passivate_idle(-1.0)
        await asyncio.sleep(0)
        assert len(home.router) == 0
