"""A look-up in every mode, at the double of the provider: alone, and through crashes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from actors.tools.look_up import LookUp
from actors.tools.passages import Found, framed
from actors.tools.services import ServiceTools
from actors.tools.toolbox import Toolbox
from backends.chat_completions import ChatCompletions
from backends.protocol import Backend
from backends.scripted import Scripted
from events.decisions import Reply
from events.memory_log import MemoryLog
from events.tool_calls import Passage, ToolCalled, ToolReturned
from tests.actors.house import House, house
from tests.backends.kept_threads.provider import AgentsProvider, AssistantsProvider
from tests.backends.kept_threads.turns import hurry
from tests.backends.responses.turns import backend_of
from tests.doubles.openai_server import OpenAIDouble

ARGUMENTS = json.dumps({"query": "bread"})
MODES = ["chat", "responses", "assistants", "agents", "scripted"]
CHEAP = [Found(Passage("shop/prices.pdf", 7, 2), "Prices", "Bread costs R$ 2.", None)]
DEAR = [Found(Passage("shop/prices.pdf", 8, 0), "Prices", "Bread costs R$ 99.", None)]


class Documents:
    """Documents that can be changed, and whose look-ups can be held back."""

    def __init__(self) -> None:
        self.found = CHEAP
        self.asked: list[tuple[str, ...]] = []
        self.answers = asyncio.Event()
        self.answers.set()

    async def look_up(self, collections: Sequence[str], query: str) -> Sequence[Found]:
        self.asked.append((*collections, query))
        await self.answers.wait()
        return self.found


def spoken(body: dict[str, Any]) -> dict[str, Any]:
    """The model of Chat Completions: looks up, then says what it was shown."""
    last = body["messages"][-1]
    if last["role"] == "tool":
        return {"role": "assistant", "content": f"heard: {last['content']}"}
    call = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": ARGUMENTS}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


@pytest.fixture
async def double() -> AsyncIterator[OpenAIDouble]:
    async with OpenAIDouble(speaks=spoken) as running:
        for serving in (running.threads, running.agents):
            serving.plan(calls=[[("look_up", ARGUMENTS)]])
        yield running


def backend_for(mode: str, double: OpenAIDouble) -> Backend:
    match mode:
        case "scripted":
            return Scripted()
        case "chat":
            at = {"api_key": double.api_key, "base_url": double.base_url, "model": "small-1", "sleep": hurry}
            return ChatCompletions(**at)  # type: ignore[arg-type]
        case "responses":
            return backend_of(double, known=True)
        case "assistants":
            return AssistantsProvider(double).backend()  # type: ignore[no-any-return]
        case _:
            return AgentsProvider(double).backend()  # type: ignore[no-any-return]


WORDS = {"scripted": f"!tool look_up {ARGUMENTS}", "responses": f"!call look_up {ARGUMENTS}"}
"""The words at which a model looks up, where the conversation is its script."""


@asynccontextmanager
async def running(
    mode: str, double: OpenAIDouble, documents: Documents, log: MemoryLog | None = None, incarnation: str = "one"
) -> AsyncIterator[House]:
    bus: Any = None
    tools = Toolbox({}, ServiceTools(bus), look_up=LookUp(["shop"], documents))
    backend = backend_for(mode, double)
    try:
        async with house(log, incarnation, backend=backend, tools=tools) as home:
            yield home
    finally:
        await backend.close()


def _heard(mode: str, double: OpenAIDouble, reply: Reply) -> str:
    """What the model was given; some models repeat it."""
    providers = {"assistants": AssistantsProvider, "agents": AgentsProvider}
    return providers[mode](double).outputs()[-1] if mode in providers else reply.text


async def _is_shown(home: House, mode: str, double: OpenAIDouble, found: Sequence[Found]) -> None:
    heard = _heard(mode, double, await home.decided(Reply))
    assert " ".join(framed(found).split()) in " ".join(heard.split())


@pytest.mark.parametrize("mode", MODES)
async def test_the_model_is_shown_the_passages_and_the_log_names_them(mode: str, double: OpenAIDouble) -> None:
    documents = Documents()
    async with running(mode, double, documents) as home:
        await home.say("m1", WORDS.get(mode, "What is bread?"))
        await _is_shown(home, mode, double, CHEAP)
        returned: ToolReturned = await home.decided(ToolReturned)
        assert returned.passages == (CHEAP[0].passage,)
        assert returned.output == framed(CHEAP)
        assert documents.asked == [("shop", "bread")]


@pytest.mark.parametrize("mode", MODES)
async def test_a_crash_during_the_look_up(mode: str, double: OpenAIDouble) -> None:
    """Nothing was shown yet: it is made again, and the passages that are in force then are shown and logged."""
    documents, log = Documents(), MemoryLog()
    documents.answers.clear()
    async with running(mode, double, documents, log) as home:
        await home.say("m1", WORDS.get(mode, "What is bread?"))
        await home.decided(ToolCalled)
    documents.found = DEAR
    documents.answers.set()
    async with running(mode, double, documents, log, "two") as home:
        await _is_shown(home, mode, double, DEAR)
        returned: ToolReturned = await home.decided(ToolReturned)
        assert returned.passages == (DEAR[0].passage,)


@pytest.mark.parametrize("mode", MODES)
async def test_a_crash_after_the_look_up(mode: str, double: OpenAIDouble) -> None:
    """The answer rests on the passages in the log, though the documents have changed since."""
    documents, log = Documents(), MemoryLog()
    async with running(mode, double, documents, log) as home:
        await home.say("m1", WORDS.get(mode, "What is bread?"))
        await home.decided(ToolReturned)
    documents.found = DEAR
    async with running(mode, double, documents, log, "two") as home:
        await _is_shown(home, mode, double, CHEAP)
        assert documents.asked == [("shop", "bread")]
