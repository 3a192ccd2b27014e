"""A question of `ask_choice` in every mode, at the double of the provider."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from actors.tools.built_in import BuiltIn
from actors.tools.services import ServiceTools
from actors.tools.shelf import Shelf
from actors.tools.toolbox import Toolbox
from backends.chat_completions import ChatCompletions
from backends.protocol import Backend
from backends.responses.post_once import UNANSWERED
from backends.scripted import Scripted
from chat.built_in import BUILT_IN
from events.decisions import Reply
from events.inbound import Message
from events.memory_library import MemoryLibrary
from events.references import Choice
from tests.actors.house import ANA, House, house
from tests.backends.kept_threads.provider import AgentsProvider, AssistantsProvider
from tests.backends.kept_threads.turns import hurry
from tests.backends.responses.turns import backend_of
from tests.doubles.openai_server import OpenAIDouble
from tests.waiting import until

ARGUMENTS = json.dumps({"question": "Which size?", "options": ["Small", "Large"]})
READING = "Which size?\n\n1. Small\n2. Large"
MODES = ["chat", "responses", "assistants", "agents", "scripted"]


def spoken(body: dict[str, Any]) -> dict[str, Any]:
    """The model of Chat Completions: asks at `bread`, else says what it heard."""
    heard = [message["content"] for message in body["messages"] if message["role"] != "system"]
    if "bread" not in str(heard[-1]):
        return {"role": "assistant", "content": f"heard: {heard[-3:]}"}
    call = {"id": "call_1", "type": "function", "function": {"name": "ask_choice", "arguments": ARGUMENTS}}
    return {"role": "assistant", "content": "One moment.", "tool_calls": [call]}


@pytest.fixture
async def double() -> AsyncIterator[OpenAIDouble]:
    async with OpenAIDouble(speaks=spoken) as running:
        yield running


def backend_for(mode: str, double: OpenAIDouble) -> tuple[Backend, str]:
    """The backend, and the words at which its model asks."""
    match mode:
        case "scripted":
            return Scripted(), f"!tool ask_choice {ARGUMENTS}"
        case "chat":
            at = {"api_key": double.api_key, "base_url": double.base_url, "model": "small-1", "sleep": hurry}
            return ChatCompletions(**at, system_prompt="Be kind."), "bread"  # type: ignore[arg-type]
        case "responses":
            return backend_of(double), f"!call ask_choice {ARGUMENTS}"
        case _:
            provider = AssistantsProvider(double) if mode == "assistants" else AgentsProvider(double)
            provider.serving.plan(calls=[[("ask_choice", ARGUMENTS)]])
            return provider.backend(), "bread"


def tools() -> Toolbox:
    bus: Any = None
    return Toolbox({}, ServiceTools(bus), built_in=BuiltIn(BUILT_IN, Shelf(MemoryLibrary())))


@asynccontextmanager
async def running(mode: str, double: OpenAIDouble) -> AsyncIterator[tuple[House, str]]:
    """An instance in this mode, and the words at which its model asks."""
    backend, words = backend_for(mode, double)
    try:
        async with house(backend=backend, tools=tools()) as home:
            yield home, words
    finally:
        await backend.close()


async def question_in(home: House, words: str) -> Reply:
    await home.say("m1", words)
    reply: Reply = await home.decided(Reply)
    return reply


@pytest.mark.parametrize("mode", MODES)
async def test_the_question_ends_the_turn_and_the_next_turn_has_the_answer(mode: str, double: OpenAIDouble) -> None:
    """The model is told what it asked and what the person chose, and answers; no call and no run is left open."""
    async with running(mode, double) as (home, words):
        reply = await question_in(home, words)
        assert isinstance(reply.parts, tuple)
        assert [(one.id, one.title) for one in reply.parts[0].choices] == [("small", "Small"), ("large", "Large")]
        assert reply.text == READING
        tapped = Message(id="m2", kind="button", text="Large", choice=Choice(id="large", title="Large"))
        await home.log.publish(ANA, tapped, msg_id="")
        answer: Reply = await home.decided(Reply, 2)
        assert "Large" in answer.text
        if mode != "scripted":
            assert "Which size?" in answer.text
        assert answer.in_reply_to == ("m2",)
        if mode == "assistants":
            runs = double.threads.only.runs
            await until(lambda: [run.status for run in runs] == ["cancelled", "completed"])
        if mode == "agents":
            turns = double.agents.only.turns[1:]
            await until(lambda: [turn.status for turn in turns] == ["cancelled", "completed"])
        if mode == "responses":
            (conversation,) = double.responses.conversations.all.values()
            outputs = [item["output"] for item in conversation.items if item["type"] == "function_call_output"]
            assert len(outputs) == 1
            assert UNANSWERED not in outputs


@pytest.mark.parametrize("mode", ["responses", "assistants", "agents"])
async def test_a_thread_is_told_its_question_once(mode: str, double: OpenAIDouble) -> None:
    """It has the turn after the question itself."""
    async with running(mode, double) as (home, words):
        await question_in(home, words)
        await home.say("m2", "Large")
        await home.decided(Reply, 2)
        await home.say("m3", "And rye?")
        answer: Reply = await home.decided(Reply, 3)
        assert "And rye?" in answer.text
        assert "Which size?" not in answer.text
