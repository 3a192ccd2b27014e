"""A person is told to wait once, however many instances work on the answer."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from events.decisions import Reply, TurnAdopted, TurnStarted
from events.memory_log import MemoryLog
from tests.actors.house import house

WORDS = {"one_moment": "One moment."}
SOON = timedelta(milliseconds=50)


async def test_the_person_is_told_and_then_answered() -> None:
    """The word comes before the answer, which the model goes on writing; the next turn's context has no word of it."""
    async with house(words=WORDS, one_moment_after=SOON) as home:
        await home.say("m1")
        request = await home.model.asked(1)
        word = await home.decided(Reply)
        assert (word.id, word.text, word.in_reply_to) == (f"{request.turn}.w", "One moment.", ())
        assert home.model.cancelled == []
        home.model.answer(request, "at last")
        assert (await home.decided(Reply, 2)).text == "at last"
        await home.say("m2")
        again = await home.model.asked(2)
        assert [line.text for line in again.history] == ["hello", "at last"]
        home.model.answer(again)
        await home.decided(Reply, 3)


async def test_the_one_who_goes_on_says_it_no_second_time() -> None:
    """The first instance dies after it said so; the second adopts the turn, and its answer is the next that is sent."""
    log = MemoryLog()
    async with house(log, "one", words=WORDS, one_moment_after=SOON) as home:
        await home.say("m1")
        await home.model.asked(1)
        await home.decided(Reply)
    async with house(log, "two", words=WORDS, one_moment_after=timedelta(microseconds=1)) as home:
        request = await home.model.asked(1)
        await home.decided(TurnAdopted)
        for _ in range(50):
            await asyncio.sleep(0)
        home.model.answer(request)
        await home.decided(Reply, 2)
        said = [one.event for one in home.reads.events if isinstance(one.event, Reply)]
        assert [reply.author for reply in said] == ["system", "assistant"]


async def test_the_time_counts_from_the_start_of_the_turn() -> None:
    """The first instance dies before it is time: the second says it, as soon as the turn is its own."""
    log = MemoryLog()
    async with house(log, "one", words=WORDS, one_moment_after=timedelta(hours=1)) as home:
        await home.say("m1")
        await home.model.asked(1)
        assert (await home.decided(TurnStarted)).messages == ("m1",)
    async with house(log, "two", words=WORDS, one_moment_after=timedelta(microseconds=1)) as home:
        request = await home.model.asked(1)
        assert (await home.decided(Reply)).author == "system"
        home.model.answer(request)
        assert (await home.decided(Reply, 2)).author == "assistant"
