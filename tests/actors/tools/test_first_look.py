"""Passages before the question, in every mode: for models without tools."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tools.look_up import LookUp, with_best_of
from actors.tools.passages import END, Found, framed
from actors.tools.services import ServiceTools
from actors.tools.toolbox import Toolbox
from backends.protocol import ReplyRequest
from chat.first_look import CALL, passages_of
from chat.turn import Call, Turn
from events.decisions import Reply, Reset
from events.inbound import Edit
from events.memory_log import MemoryLog
from events.tool_calls import Passage, ToolCalled, ToolReturned
from tests.actors.house import ANA, House, Model, house
from tests.actors.tools.test_look_up_by_mode import CHEAP, DEAR, MODES, Documents, backend_for
from tests.doubles.openai_server import OpenAIDouble

QUESTION = "What is bread?"


def tools(documents: Documents) -> Toolbox:
    bus: Any = None
    return Toolbox({}, ServiceTools(bus), look_up=LookUp(["shop"], documents, first=True))


@asynccontextmanager
async def running(documents: Documents, log: MemoryLog | None = None, incarnation: str = "one") -> AsyncIterator[House]:
    async with house(log, incarnation, tools=tools(documents), looks_up_first=True) as home:
        yield home


def _is_shown(request: ReplyRequest, found: Sequence[Found]) -> None:
    assert [line.text for line in request.messages] == [framed(found), QUESTION]
    assert (request.calls, request.tools) == ((), ())


async def test_the_passages_come_before_the_question_and_are_logged_as_a_look_up() -> None:
    documents = Documents()
    async with running(documents) as home:
        await home.say("m1", QUESTION)
        request = await home.model.asked(1)
        _is_shown(request, CHEAP)
        home.model.answer(request, "It is R$ 2.")
        assert (await home.decided(Reply)).text == "It is R$ 2."
        called: ToolCalled = await home.decided(ToolCalled)
        returned: ToolReturned = await home.decided(ToolReturned)
        assert (called.name, called.call, called.arguments) == ("look_up", CALL, f'{{"query":"{QUESTION}"}}')
        assert (returned.passages, returned.output) == ((CHEAP[0].passage,), framed(CHEAP))
        await home.say("m2", "And rye?")
        request = await home.model.asked(2)
        assert [line.text for line in request.messages] == [framed(CHEAP), "And rye?"]
        assert [line.text for line in request.history] == [QUESTION, "It is R$ 2."]
        assert documents.asked == [("shop", one) for one in (QUESTION, f"And rye?\n{QUESTION}", "And rye?")]


async def test_a_turn_that_goes_on_elsewhere_has_the_same_passages() -> None:
    documents, log = Documents(), MemoryLog()
    async with running(documents, log) as home:
        await home.say("m1", QUESTION)
        _is_shown(await home.model.asked(1), CHEAP)
    documents.found = DEAR
    async with running(documents, log, "two") as home:
        _is_shown(await home.model.asked(1), CHEAP)
    assert documents.asked == [("shop", QUESTION)]


async def test_a_crash_during_the_look_up() -> None:
    """Nothing was shown yet: the passages that are in force then are."""
    documents, log = Documents(), MemoryLog()
    documents.answers.clear()
    async with running(documents, log) as home:
        await home.say("m1", QUESTION)
        await home.decided(ToolCalled)
    documents.found = DEAR
    documents.answers.set()
    async with running(documents, log, "two") as home:
        _is_shown(await home.model.asked(1), DEAR)
        assert [event.type for event in home.reads.events].count("tool_called") == 1


async def test_an_edited_message_is_looked_up_again() -> None:
    documents = Documents()
    async with running(documents) as home:
        await home.say("m1", QUESTION)
        await home.model.asked(1)
        await home.log.publish(ANA, Edit(id="e1", of="m1", text="What is rye?"), msg_id="")
        request = await home.model.asked(2)
        assert request.messages[-1].text == "What is rye?"
        assert documents.asked == [("shop", QUESTION), ("shop", "What is rye?")]


@pytest.mark.parametrize("fails", [True, False])
async def test_a_model_is_told_that_nothing_was_found(fails: bool) -> None:
    class Bare(Documents):
        async def look_up(self, collections: Sequence[str], query: str, tally: object = None) -> Sequence[Found]:
            if fails:
                raise OSError("the disk")
            return ()

    async with running(Bare()) as home:
        await home.say("m1", QUESTION)
        told, asked = (await home.model.asked(1)).messages
        assert asked.text == QUESTION
        assert ("look_up failed: OSError" in told.text) is fails
        assert "do not guess: tell them that you do not know it" in told.text


async def test_messages_without_words_have_no_passages() -> None:
    documents = Documents()
    result = await tools(documents).call(ANA, "look_up", '{"query":" \\u0001 "}')
    assert (result.output, result.failed, documents.asked) == ("", False, [])
    call = Call(CALL, "look_up", "{}", "one", output="")
    assert passages_of(Turn("t", ("m",), "chat", 1, "one", datetime.now(UTC), calls=(call,))) == ""


async def test_a_short_question_is_looked_up_with_those_before_it() -> None:
    """With none before a reset; the log has the query that was looked up."""
    documents = Documents()
    long = "How much is a whole loaf of rye bread?"
    async with running(documents) as home:
        for times, text in enumerate(("Do you sell bread?", "And rye?", long, "And wheat?"), 1):
            await home.say(f"m{times}", text)
            home.model.answer(await home.model.asked(times), f"Answer {times}.")
            await home.decided(Reply, times)
        await home.order("c1", "reset")
        await home.decided(Reset)
        await home.say("m5", "And now?")
        await home.model.asked(5)
        called = [one.event for one in home.reads.events if isinstance(one.event, ToolCalled)]
    queries = [
        "Do you sell bread?",
        "And rye?\nDo you sell bread?",
        long,
        f"And wheat?\n{long}",
        "And now?",
    ]
    assert [query for _, query in documents.asked if query not in ("And rye?", "And wheat?")] == queries
    assert [msgspec.json.decode(one.arguments)["query"] for one in called] == queries


async def test_the_best_passage_for_the_message_alone_comes_before_those_for_all() -> None:
    """It may change the subject."""
    alone, both, other = (
        Found(Passage(f"shop/{name}", 1, 0), "", f"About {name}.", None) for name in ("alone", "both", "other")
    )

    class ByWords(Documents):
        async def look_up(self, collections: Sequence[str], query: str, tally: object = None) -> Sequence[Found]:
            return [both, other, alone] if "\n" in query else [alone, other]

    result = await LookUp(["shop"], ByWords(), first=True).call({"query": "parking?\nHow much is a room?"})
    assert result.passages == (alone.passage, both.passage, other.passage)
    result = await LookUp(["shop"], ByWords()).call({"query": "parking\ncar park"})
    assert result.passages == (both.passage, other.passage, alone.passage)


@given(st.lists(st.integers(), max_size=3, unique=True), st.lists(st.integers(), max_size=3, unique=True))
def test_it_takes_one_place_at_most(own: list[int], found: list[int]) -> None:
    shown = with_best_of(own, found)
    assert len(shown) == len(set(shown)) <= 3
    assert shown[:1] == (own[:1] or found[:1])
    assert [one for one in shown if one not in own[:1]] == [one for one in found if one not in own[:1]][
        : len(shown) - len(own[:1])
    ]


async def test_the_second_model_has_the_same_passages() -> None:
    documents = Documents()
    second = Model()
    async with house(tools=tools(documents), looks_up_first=True, fallback=second) as home:
        await home.say("m1", QUESTION)
        home.model.fail(await home.model.asked(1), "provider_error")
        _is_shown(await second.asked(1), CHEAP)
        assert documents.asked == [("shop", QUESTION)]


@pytest.fixture
async def double() -> AsyncIterator[OpenAIDouble]:
    def spoken(body: dict[str, Any]) -> dict[str, Any]:
        return {"role": "assistant", "content": f"heard: {body['messages'][-1]['content']}"}

    async with OpenAIDouble(speaks=spoken) as running:
        yield running


@pytest.mark.parametrize("mode", MODES)
async def test_in_every_mode(mode: str, double: OpenAIDouble) -> None:
    """The model's last message is one frame and the question, also once the thread exists; some repeat it."""
    documents = Documents()
    backend = backend_for(mode, double)
    try:
        async with house(backend=backend, tools=tools(documents), looks_up_first=True) as home:
            for times, question in enumerate((QUESTION, "And rye?"), 1):
                await home.say(f"m{times}", question)
                text = (await home.decided(Reply, times)).text
                assert text.count(END) == 1
                assert question in text.partition(END)[2]
                assert CHEAP[0].text in text.partition(END)[0]
    finally:
        await backend.close()
    assert documents.asked == [("shop", one) for one in (QUESTION, f"And rye?\n{QUESTION}", "And rye?")]
