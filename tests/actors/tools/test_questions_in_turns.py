"""A question of `ask_choice` ends the turn, and the next turn has the answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from actors.tools.built_in import BuiltIn
from actors.tools.protocol import ToolResult
from actors.tools.python import PythonTool
from actors.tools.services import ServiceTools
from actors.tools.shelf import Shelf
from actors.tools.toolbox import Toolbox
from backends.protocol import ToolCall, Usage
from chat.built_in import BUILT_IN
from events.decisions import Ignored, Paused, Reply, TurnFailed, TurnStarted
from events.inbound import Message
from events.library import Entry
from events.memory_library import MemoryLibrary
from events.memory_log import MemoryLog
from events.parts import Part
from events.references import Choice
from events.subjects import PARTITIONS
from events.tool_calls import ToolCalled, ToolReturned
from events.usage import TokenUsage
from tests.actors.house import ANA, BOB, House, house

AT = datetime(2026, 11, 29, tzinfo=UTC)
MENU = Part(kind="document", object=f"LIBRARY/{'a' * 64}", mime="application/pdf", filename="menu.pdf")
ASK = ToolCall(
    id="c1", name="ask_choice", arguments='{"question": "Which size?", "options": ["Small", "Large"]}', raw="{}"
)
SEND = ToolCall(id="c2", name="send_file", arguments='{"name": "Menu"}')
PRICE = ToolCall(id="c3", name="price", arguments='{"bread": "rye"}')
OTHER = ToolCall(id="c4", name="ask_choice", arguments='{"question": "Sliced?", "options": ["Yes", "No"]}')
WRONG = ToolCall(id="c5", name="send_file", arguments='{"name": "Mneu"}')

heard: list[Any] = []


def price(bread: str, refers_to: list[dict[str, Any]]) -> str:
    """What a bread costs."""
    heard.append(refers_to)
    return f"{bread} is 4.20"


async def shop() -> Toolbox:
    library, bus = MemoryLibrary(), Any
    await library.add("local", Entry(name="Menu", part=MENU, at=AT))
    services: Any = ServiceTools(bus)  # type: ignore[arg-type]
    return Toolbox({"price": PythonTool(price)}, services, built_in=BuiltIn(BUILT_IN, Shelf(library)))


async def question_of(home: House, *calls: ToolCall) -> Reply:
    """The reply of a turn in which the model makes these calls at once."""
    await home.say("m1")
    home.model.wants(await home.model.asked(1), *calls, usage=Usage(100, 10))
    reply: Reply = await home.decided(Reply)
    return reply


def kinds(reply: Reply) -> list[str]:
    return [part.kind for part in reply.parts] if isinstance(reply.parts, tuple) else []


async def test_the_question_is_the_reply() -> None:
    """The model is not asked again; its request is paid for; the history has the plain reading."""
    async with house(tools=await shop()) as home:
        reply = await question_of(home, ASK)
        assert reply.text == "Which size?\n\n1. Small\n2. Large"
        assert kinds(reply) == ["choices"]
        assert (reply.author, reply.in_reply_to, reply.usage) == ("assistant", ("m1",), TokenUsage(100, 10))
        assert len(home.model.requests) == 1
        types = [e.type for e in home.reads.events if e.side == "o"]
        assert types == ["turn_started", "thread_created", "tool_called", "tool_returned", "reply"]


@pytest.mark.parametrize("answer", ["large", "2", " LARGE ", "2."])
async def test_the_next_turn_has_the_answer(answer: str) -> None:
    """The model is shown its question and what the person chose; a tool gets the id."""
    heard.clear()
    async with house(tools=await shop()) as home:
        await question_of(home, ASK)
        await home.say("m2", answer)
        second = await home.model.asked(2)
        assert [line.text for line in second.history] == ["hello", "Which size?\n\n1. Small\n2. Large"]
        assert [line.text for line in second.messages] == [answer]
        home.model.wants(second, PRICE)
        home.model.answer(await home.model.asked(3), "It is 4.20.")
        await home.decided(Reply, 2)
        assert heard == [[{"id": "m2", "choice": {"id": "large", "title": "Large"}}]]


async def test_files_go_out_before_the_question() -> None:
    async with house(tools=await shop()) as home:
        reply = await question_of(home, ASK, SEND)
        assert kinds(reply) in (["choices", "document"], ["document", "choices"])
        assert len(home.model.requests) == 1


async def test_a_file_alone_ends_no_turn() -> None:
    """The model says something to it, or nothing."""
    async with house(tools=await shop()) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), SEND)
        home.model.answer(await home.model.asked(2), "Here it is.")
        assert kinds(await home.decided(Reply)) == ["document", "text"]


@pytest.mark.parametrize("beside", [PRICE, WRONG])
async def test_results_that_the_model_has_to_hear_come_first(beside: ToolCall) -> None:
    """A question beside another call waits for the model's words about that call's result."""
    async with house(tools=await shop()) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), ASK, beside)
        second = await home.model.asked(2)
        assert len(second.calls) == 2
        assert second.may_be_silent
        home.model.answer(second, "Rye is 4.20.")
        reply: Reply = await home.decided(Reply)
        assert kinds(reply) == ["choices", "text"]
        await home.say("m2", "2")
        third = await home.model.asked(3)
        home.model.wants(third, PRICE)
        await home.model.asked(4)
        assert heard[-1][0]["choice"]["id"] == "large"


async def test_two_questions_at_once_are_one() -> None:
    """The first that was asked counts; the turn ends with it."""
    async with house(tools=await shop()) as home:
        reply = await question_of(home, ASK, OTHER)
        assert kinds(reply) == ["choices"]
        assert len(home.model.requests) == 1


async def test_a_model_that_asks_again_and_again_is_stopped_by_its_first_question() -> None:
    """The call beside it makes the model heard once more; then it asks again, and the turn ends."""
    async with house(tools=await shop()) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), ASK, PRICE)
        home.model.wants(await home.model.asked(2), OTHER)
        reply: Reply = await home.decided(Reply)
        assert reply.text.startswith("Which size?")
        assert len(home.model.requests) == 2


async def test_the_same_file_is_sent_once() -> None:
    async with house(tools=await shop()) as home:
        await home.say("m1")
        home.model.wants(await home.model.asked(1), SEND)
        home.model.wants(await home.model.asked(2), ToolCall(id="c9", name="send_file", arguments=SEND.arguments))
        home.model.answer(await home.model.asked(3), "")
        assert kinds(await home.decided(Reply)) == ["document"]


async def test_a_question_that_does_not_fit_goes_back_to_the_model() -> None:
    """Twice, and then it has to do without the tool."""
    async with house(tools=await shop()) as home:
        await home.say("m1")
        for time in (1, 2):
            amiss = ToolCall(id=f"c{time}", name="ask_choice", arguments='{"question": "Which?", "options": []}')
            home.model.wants(await home.model.asked(time), amiss)
        third = await home.model.asked(3)
        assert "ask_choice" not in [tool.name for tool in third.tools]
        home.model.answer(third, "Small or large?")
        assert (await home.decided(Reply)).text == "Small or large?"


@pytest.mark.parametrize("kind", [TurnStarted, ToolCalled, ToolReturned, Reply])
async def test_after_a_crash_at_any_step_there_is_one_question(kind: type) -> None:
    log, tools = MemoryLog(), await shop()
    async with house(log, "one", tools=tools) as home:
        await home.say("m1")
        if kind is not TurnStarted:
            home.model.wants(await home.model.asked(1), ASK)
        await home.decided(kind)
    async with house(log, "two", tools=tools) as home:
        if kind is TurnStarted:
            home.model.wants(await home.model.asked(1), ASK)
        await home.decided(Reply)
        await home.say("m2", "1")
        home.model.answer(await home.model.asked(2 if kind is TurnStarted else 1))
        await home.decided(Reply, 2)
        replies = [e.event for e in home.reads.events if isinstance(e.event, Reply)]
        assert [kinds(reply) for reply in replies] == [["choices"], []]


async def test_an_answer_reaches_a_tool_after_a_restart() -> None:
    """The question is in the chat's state: the instance that asked need not be there any more."""
    heard.clear()
    log, tools = MemoryLog(), await shop()
    async with house(log, "one", tools=tools) as home:
        await question_of(home, ASK)
    async with house(log, "two", tools=tools) as home:
        tapped = Message(id="m2", kind="button", choice=Choice(id="small", title="Small"))
        await home.log.publish(ANA, tapped, msg_id="")
        home.model.wants(await home.model.asked(1), PRICE)
        home.model.answer(await home.model.asked(2))
        await home.decided(Reply, 2)
        await home.say("m3", "1")
        home.model.wants(await home.model.asked(3), PRICE)
        await home.model.asked(4)
    assert [[one["choice"]["id"] for one in each] for each in heard] == [["small"], []]


async def test_after_another_word_a_number_is_no_choice() -> None:
    heard.clear()
    async with house(tools=await shop()) as home:
        await question_of(home, ASK)
        await home.say("m2", "What do you have?")
        home.model.answer(await home.model.asked(2), "Rye, and wheat.")
        await home.decided(Reply, 2)
        await home.say("m3", "2")
        home.model.wants(await home.model.asked(3), PRICE)
        await home.model.asked(4)
        assert heard == [[]]


async def test_a_choice_among_other_messages_of_one_burst() -> None:
    """Each message of the burst that names a choice is one, the others are not."""
    heard.clear()
    async with house(tools=await shop(), debounce=0.2) as home:
        await question_of(home, ASK)
        for id_, text in (("m2", "hm"), ("m3", "large"), ("m4", "thanks")):
            await home.say(id_, text)
        home.model.wants(await home.model.asked(2), PRICE)
        await home.model.asked(3)
        assert [(one["id"], one["choice"]["id"]) for one in heard[0]] == [("m3", "large")]


async def test_the_question_of_one_chat_is_none_in_another() -> None:
    heard.clear()
    async with house(tools=await shop()) as home:
        await question_of(home, ASK)
        await home.say("b1", "2", BOB)
        home.model.wants(await home.model.asked(2), PRICE)
        await home.model.asked(3)
        assert heard == [[]]


async def test_a_pause_before_the_question_sends_nothing() -> None:
    """A human took the chat while the model wrote: the person gets no question, and the log says why."""
    async with house(tools=await shop()) as home:
        await home.say("m1")
        request = await home.model.asked(1)
        await home.order("o1", "pause")
        await home.decided(Paused)
        await home.decided(Ignored)
        assert home.model.cancelled == [request.turn]
        assert not [e for e in home.reads.events if isinstance(e.event, Reply | ToolCalled | TurnFailed)]


class Endless:
    """A tool that asks, and whose result the model need not hear."""

    async def offered(self, account: str) -> tuple[()]:
        return ()

    def is_safe(self, name: str) -> bool:
        return True

    async def call(self, key: Any, name: str, arguments: str, references: Any = ()) -> ToolResult:
        given = json.loads(arguments)
        return ToolResult("", send=(Part(kind="text", text="a" * given["chars"]),), quiet=True)


async def test_too_many_bytes_are_a_failed_result() -> None:
    """The bound is that of the whole reply; the model is told, and answers."""
    async with house(tools=Endless()) as home:
        await home.say("m1")
        large = [ToolCall(id=f"c{n}", name="t", arguments=f'{{"chars": {60_000 + n}}}') for n in (1, 2)]
        home.model.wants(await home.model.asked(1), *large)
        second = await home.model.asked(2)
        assert sum("were not sent" in call.output for call in second.calls) == 1
        home.model.answer(second, "Sorry.")
        assert kinds(await home.decided(Reply)) == ["text", "text"]


async def test_an_instance_that_let_go_of_the_chat_finishes_with_the_question() -> None:
    """The chat is another's already, and waits for the end of this turn."""
    async with house(tools=await shop()) as home:
        await home.say("m1")
        request = await home.model.asked(1)
        home.router.let_go(range(PARTITIONS), finish=True)
        home.model.wants(request, ASK)
        assert kinds(await home.decided(Reply)) == ["choices"]
