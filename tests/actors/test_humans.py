"""Humans beside the bot: their words reach every kind of thread, and their orders are carried out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actors.tools.services import ServiceTools
from actors.tools.toolbox import Toolbox
from backends.protocol import ToolCall
from chat.gates import Gates
from events.decisions import Attention, Ignored, Paused, Reply, Resumed, ThreadCreated, TurnStarted
from events.inbound import Edit, Message, Receipt
from events.jetstream.connection import Bus
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from tests.actors.house import ANA, house
from tests.actors.test_mode_changed import MODES, backend_of, shown
from tests.doubles.openai_server import OpenAIDouble


@pytest.mark.parametrize("mode", MODES)
async def test_the_model_knows_what_the_human_said(mode: str) -> None:
    """In the thread that it had before, in every mode."""
    async with OpenAIDouble() as double:
        backend = backend_of(mode, double)
        async with house(MemoryLog(), backend=backend) as home:
            await home.say("m1", "Do you have cake?")
            await home.decided(Reply)
            thread = await home.decided(ThreadCreated)
            await home.order("c1", "send", text="This is Rita: for you, always.")
            await home.decided(Reply, 2)
            await home.say("m2", "Thanks!")
            await home.decided(Reply, 3)
            last = "\n".join(text for _, text in shown(mode, double, thread.thread)).split("cake?")[-1]
            assert last.index("for you, always") < last.index("Thanks!")
            assert last.count("Thanks!") == last.count("for you, always") == 1
        await backend.close()


async def test_an_edit_cancels_the_request_that_is_out() -> None:
    """The model is asked again, with the new words."""
    async with house() as home:
        await home.say("m1", "ten")
        first = await home.model.asked(1)
        await home.log.publish(ANA, Edit(id="e1", of="m1", text="two"), msg_id="")
        second = await home.model.asked(2)
        assert second.turn != first.turn
        await home.model.until(lambda: home.model.cancelled == [first.turn])
        home.model.answer(second, "two it is")
        reply = await home.decided(Reply)
        assert (reply.text, reply.in_reply_to) == ("two it is", ("m1",))
        assert (await home.decided(TurnStarted, 2)).instead == first.turn


async def test_a_word_by_hand_ends_the_turn_and_pauses_the_chat() -> None:
    """The request is given up; after a crash the chat is still paused, until its time."""
    log = MemoryLog()
    async with house(log, takeover=timedelta(seconds=1)) as home:
        await home.say("m1")
        request = await home.model.asked(1)
        await log.publish(ANA, Message(id="h1", text="I will see to it.", from_me=True), msg_id="")
        await home.decided(Ignored, 2)
        assert home.model.cancelled == [request.turn]
    async with house(log, "two", takeover=timedelta(seconds=1)) as home:
        await home.decided(Resumed)
        await home.say("m2")
        home.model.answer(await home.model.asked(1))
        assert (await home.decided(Reply)).in_reply_to == ("m2",)


async def test_the_model_asks_for_a_human(bus: Bus) -> None:
    """The tool is offered. A call of it gets no output: the chat is paused, and the person is told."""
    tools = Toolbox({}, ServiceTools(bus), hands_off=True)
    async with house(
        tools=tools, takeover=timedelta(minutes=30), words={"handed_off": "A colleague will answer."}
    ) as home:
        await home.say("m1", "I want my money back")
        request = await home.model.asked(1)
        assert [tool.name for tool in request.tools] == ["handoff"]
        home.model.wants(request, ToolCall(id="c1", name="handoff", arguments='{"reason": "wants a refund"}'))
        attention = await home.decided(Attention)
        assert (attention.text, attention.by) == ("wants a refund", "model")
        assert (await home.decided(Paused)).reason == "handed_off"
        assert (await home.decided(Ignored)).reason == "handed_off"
        assert (await home.decided(Reply)).text == "A colleague will answer."


async def test_a_call_for_a_human_without_a_reason_goes_back_to_the_model(bus: Bus) -> None:
    """The human who comes has to know the reason."""
    result = await Toolbox({}, ServiceTools(bus), hands_off=True).call(ANA, "handoff", "{}")
    assert result.unfit
    assert result.handoff is None


async def test_a_quoted_reply_is_known_while_the_chat_is_awake() -> None:
    """In a group, by the name in the receipt, which comes after the reply was decided."""
    group = ChatKey("local", "120363041234567890@g.us")
    async with house(gates=Gates(groups="mentioned")) as home:
        await home.log.publish(group, Message(id="m1", text="bot?", mentions=("me",)), msg_id="")
        home.model.answer(await home.model.asked(1))
        reply = await home.decided(Reply, key=group)
        receipt = Receipt(id="r1", reply=reply.id, state="accepted", provider_id="wamid.1")
        await home.log.publish(group, receipt, msg_id="")
        await home.log.publish(group, Message(id="m2", text="and?", quoted="wamid.1"), msg_id="")
        home.model.answer(await home.model.asked(2))
        assert (await home.decided(Reply, 2, key=group)).in_reply_to == ("m2",)
