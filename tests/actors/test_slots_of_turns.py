"""Slots that limit the turns under way at once, and their queue."""

from __future__ import annotations

import asyncio

from actors import metrics
from actors.fair_slots import FairSlots
from events.decisions import Reply, TurnStarted
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from tests.actors.house import ANA, BOB, house

CAI = ChatKey("local", "5511777777777@s.whatsapp.net")


def test_first_come_first_served() -> None:
    """The chat that waits longest is told first, and is in the queue once."""
    slots, told = FairSlots(1, keeps_free=True), []
    assert slots.take(ANA, lambda: told.append(ANA))
    assert not slots.take(BOB, lambda: told.append(BOB))
    assert not slots.take(CAI, lambda: told.append(CAI))
    assert not slots.take(BOB, lambda: told.append(BOB))
    assert (slots.taken, slots.waiting) == (1, 2)
    slots.give_back(ANA)
    assert told == [BOB]
    assert slots.take(BOB, lambda: None)
    slots.give_back(CAI)
    slots.give_back(BOB)
    assert told == [BOB]
    assert (slots.taken, slots.waiting) == (0, 0)


def test_instances_that_share_a_key_share_its_limit() -> None:
    """Equal shares, at least one slot; a larger share is used at once."""
    slots, told = FairSlots(4, keeps_free=True), []
    slots.share(4, 4)
    assert slots.take(ANA, lambda: None)
    assert not slots.take(BOB, lambda: told.append(BOB))
    slots.share(4, 2)
    assert told == [BOB]
    slots.share(4, 9)
    assert not slots.take(CAI, lambda: None)


async def test_an_instance_of_a_trial_leaves_the_gauges_alone() -> None:
    """Given the gauges of a process, when another instance is made in it, as a trial on the desk does, then they show
    the first one's numbers still."""
    gauges = (metrics.runs, metrics.runs_waiting, metrics.waiting_for_profile)
    for gauge in gauges:
        gauge.set_function(lambda: 7)
    async with house(MemoryLog()):
        assert [sample.value for gauge in gauges for one in gauge.collect() for sample in one.samples] == [7, 7, 7]


async def test_messages_of_a_waiting_chat_are_answered_together() -> None:
    """No turn starts without a slot, so it names all messages until it got one; then the other chat is next."""
    async with house(MemoryLog(), max_runs=1) as home:
        await home.say("a1")
        first = await home.model.asked(1)
        await home.say("b1", key=BOB)
        await home.say("b2", key=BOB)
        await home.say("a2")
        await home.reads.reached(6)
        await asyncio.sleep(0)
        assert home.instance.slots.waiting == 1
        home.model.answer(first)
        second = await home.model.asked(2)
        assert (second.chat, second.ids) == (BOB.chat, ("b1", "b2"))
        home.model.answer(second)
        third = await home.model.asked(3)
        assert (third.chat, third.ids) == (ANA.chat, ("a2",))
        home.model.answer(third)
        await home.decided(Reply, 2)
        await home.model.until(lambda: home.instance.slots.taken == 0)


async def test_a_chat_that_waits_for_a_slot_stays_in_memory() -> None:
    """Given a chat in the queue for longer than idle chats stay in memory, when a slot is free, then the chat gets it:
    nothing would wake it."""
    async with house(MemoryLog(), max_runs=1, idle_after=0.0) as home:
        await home.say("a1")
        first = await home.model.asked(1)
        await home.say("b1", key=BOB)
        await home.reads.seen(lambda e: e.key == BOB)
        for _ in range(3):  # sweeps
            await asyncio.sleep(0.02)
        home.model.answer(first)
        second = await home.model.asked(2)
        assert (second.chat, second.ids) == (BOB.chat, ("b1",))


async def test_a_chat_that_is_paused_while_it_waits_leaves_the_queue() -> None:
    """A paused chat needs no slot."""
    async with house(MemoryLog(), max_runs=1) as home:
        await home.say("a1")
        first = await home.model.asked(1)
        await home.say("b1", key=BOB)
        await home.order("c1", "pause", key=BOB)
        await home.reads.seen(lambda e: e.key == BOB and e.type == "ignored")
        assert home.instance.slots.waiting == 0
        home.model.answer(first)
        await home.decided(Reply)
        assert not [e for e in home.reads.events if e.key == BOB and isinstance(e.event, TurnStarted)]


async def test_adopted_turns_wait_for_a_slot_too() -> None:
    """Three turns were running when the instance died; the next instance asks for them one after the other."""
    log = MemoryLog()
    async with house(log, "one") as home:
        for key in (ANA, BOB, CAI):
            await home.say("m1", key=key)
        await home.model.asked(3)
    async with house(log, "two", max_runs=1) as home:
        for number in (1, 2, 3):
            request = await home.model.asked(number)
            assert len(home.model.requests) == number
            home.model.answer(request)
            await home.reads.seen(lambda e: isinstance(e.event, Reply), number)
