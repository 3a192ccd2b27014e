"""A chat's actor from message to reply."""

from __future__ import annotations

import asyncio

import pytest

from events.decisions import Ignored, Reply, ThreadCreated, TurnFailed, TurnStarted
from events.inbound import INBOUND
from events.subjects import inbound_subject
from tests.actors.house import ANA, BOB, house


async def test_a_message_gets_its_reply() -> None:
    """Turn, thread and reply are in the log, and the model saw exactly the message."""
    async with house() as home:
        await home.say("m1", "good morning")
        request = await home.model.asked(1)
        assert [line.text for line in request.messages] == ["good morning"]
        home.model.answer(request, "good morning to you")
        reply = await home.decided(Reply)
        assert (reply.text, reply.in_reply_to) == ("good morning to you", ("m1",))
        assert [e.type for e in home.reads.events] == ["in", "turn_started", "thread_created", "reply"]
        assert reply.thread == (await home.decided(ThreadCreated)).thread


async def test_a_burst_is_answered_once() -> None:
    """Messages within the debounce of each other become one turn."""
    async with house(debounce=0.05) as home:
        for number in range(5):
            await home.say(f"m{number}")
        request = await home.model.asked(1)
        assert len(request.messages) == 5
        home.model.answer(request)
        reply = await home.decided(Reply)
        assert reply.in_reply_to == ("m0", "m1", "m2", "m3", "m4")


async def test_a_burst_that_never_pauses_is_answered_after_ten_debounces() -> None:
    """A person who writes without a pause is answered all the same."""
    async with house(debounce=0.05) as home:
        written = 0

        async def write_on() -> None:
            nonlocal written
            while True:
                await home.say(f"m{written}")
                written += 1
                await asyncio.sleep(0.02)

        writer = asyncio.create_task(write_on())
        request = await home.model.asked(1)
        writer.cancel()
        assert 1 < len(request.messages) <= written


async def test_messages_during_a_run_are_answered_next_together() -> None:
    """The running turn is not disturbed; the next one takes all messages that came meanwhile."""
    async with house() as home:
        await home.say("m1")
        first = await home.model.asked(1)
        await home.say("m2")
        await home.say("m3")
        await home.reads.seen(lambda e: getattr(e.event, "id", "") == "m3")
        home.model.answer(first)
        second = await home.model.asked(2)
        home.model.answer(second)
        assert (await home.decided(Reply, 2)).in_reply_to == ("m2", "m3")
        assert not home.model.cancelled


async def test_a_slow_chat_delays_no_other() -> None:
    """While one chat's model is silent, another chat is answered."""
    async with house() as home:
        await home.say("m1")
        await home.model.asked(1)
        await home.say("m1", key=BOB)
        home.model.answer(await home.model.asked(2))
        assert (await home.decided(Reply, key=BOB)).chat == BOB.chat


async def test_the_same_message_twice_is_answered_once() -> None:
    """A redelivered webhook: the repeat is marked and has no ending of its own."""
    async with house() as home:
        await home.say("m1")
        home.model.answer(await home.model.asked(1))
        await home.decided(Reply)
        await home.say("m1")
        await home.say("m2")
        home.model.answer(await home.model.asked(2))
        assert (await home.decided(Reply, 2)).in_reply_to == ("m2",)
        assert [e.repeat for e in home.reads.events if e.type == "in"] == [False, True, False]


async def test_a_failed_turn_is_followed_by_an_apology_and_goes_on() -> None:
    """`turn_failed`, then the apology about it, and the next message is answered."""
    async with house() as home:
        await home.say("m1")
        home.model.fail(await home.model.asked(1))
        failed = await home.decided(TurnFailed)
        apology = await home.decided(Reply)
        assert (apology.about, apology.author, apology.text) == (failed.turn, "system", "Sorry.")
        await home.say("m2")
        home.model.answer(await home.model.asked(2))
        assert (await home.decided(Reply, 2)).in_reply_to == ("m2",)


async def test_a_retry_answers_what_failed() -> None:
    """The control reopens the failed messages in a turn of their own."""
    async with house(apology="") as home:
        await home.say("m1")
        home.model.fail(await home.model.asked(1))
        await home.decided(TurnFailed)
        await home.order("c1", "retry")
        home.model.answer(await home.model.asked(2))
        assert (await home.decided(TurnStarted, 2)).cause == "c1"
        assert (await home.decided(Reply)).in_reply_to == ("m1",)


async def test_a_pause_ends_the_run() -> None:
    """The model call is cancelled, its messages end as ignored, and after `resume` the next message is answered."""
    async with house() as home:
        await home.say("m1")
        await home.model.asked(1)
        await home.order("c1", "pause")
        ignored = await home.decided(Ignored)
        assert (ignored.messages, ignored.reason) == (("m1",), "paused")
        await home.model.until(lambda: len(home.model.cancelled) == 1)
        await home.order("c2", "resume")
        await home.say("m2")
        home.model.answer(await home.model.asked(2))
        assert (await home.decided(Reply)).in_reply_to == ("m2",)


@pytest.mark.parametrize("kind", INBOUND)
async def test_bytes_that_are_no_event_end_as_ignored_and_as_a_dead_letter(kind: str) -> None:
    """Any bytes that an outsider publishes, on any subject, are kept raw and ended, and the chat goes on."""
    async with house() as home:
        home.log.put(inbound_subject(ANA, kind), b"{not json")
        assert (await home.decided(Ignored)).messages == ("seq:1",)
        assert [letter.body for letter in home.log.dead_letters] == [b"{not json"]
        assert home.log.dead_letters[0].headers["Recado-Reason"] == "unreadable"
        await home.say("m1")
        home.model.answer(await home.model.asked(1))
        assert (await home.decided(Reply)).in_reply_to == ("m1",)
