"""OPENAI_API_MODE is changed and recado started again: the conversation goes on, between any two modes."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest

from backends.agents.backend import Agents
from backends.assistants.backend import Assistants
from backends.chat_completions import ChatCompletions
from backends.responses.backend import Responses
from backends.scripted import Scripted
from events.decisions import Reply, ThreadCreated
from events.memory_log import MemoryLog
from tests.actors.house import house
from tests.doubles.openai_agents import AGENT
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ASSISTANT

Said = list[tuple[str, str]]
MODES = ("chat", "responses", "assistants", "agents")


def backend_of(mode: str, double: OpenAIDouble) -> Any:
    at = {"api_key": double.api_key, "base_url": double.base_url}
    match mode:
        case "chat":
            return ChatCompletions(**at, model="small-1")
        case "responses":
            return Responses(**at, model="small-1")
        case "assistants":
            return Assistants(**at, assistant=ASSISTANT)
        case "agents":
            return Agents(**at, agent=AGENT)
        case _:
            return Scripted()


def shown(mode: str, double: OpenAIDouble, thread: str) -> Said:
    """The context of this mode's model at its last answer, without that answer."""
    match mode:
        case "chat":
            return [(message["role"], message["content"]) for message in double.requests[-1].body["messages"]]
        case "responses":
            return double.responses.conversations.all[thread].said()[:-1]
        case "assistants":
            messages = double.threads.threads[thread].messages[:-1]
            return [(m["role"], m["content"][0]["text"]["value"]) for m in messages]
        case _:
            note, *said = double.agents.sessions[thread].says("user")
            before = [json.loads(line) for line in note.splitlines()[1:]]
            return [(line["role"], line["text"]) for line in before] + [("user", text) for text in said]


async def says(log: MemoryLog, mode: str, double: OpenAIDouble, number: int, text: str) -> tuple[Reply, ThreadCreated]:
    """A start of recado in this mode, in which the person writes message `number`; returns its reply and the thread."""
    backend = backend_of(mode, double)
    async with house(log, f"{mode}-{number}", backend=backend) as home:
        await home.say(f"m{number}", text)
        reply = await home.decided(Reply, number)
        events = [recorded.event for recorded in home.reads.events]
    await backend.close()
    return reply, [event for event in events if isinstance(event, ThreadCreated)][-1]


@pytest.mark.parametrize(("before", "after"), [*permutations(MODES, 2), *(("scripted", mode) for mode in MODES)])
async def test_the_conversation_goes_on(before: str, after: str) -> None:
    """The model of the new mode sees the conversation; back in the old mode, also the messages in between."""
    log, said = MemoryLog(), []
    async with OpenAIDouble() as double:
        for number, mode in enumerate((before, after, before), 1):
            text = f"message {number}"
            reply, thread = await says(log, mode, double, number, text)
            said.append(("user", text))
            if mode != "scripted":
                assert shown(mode, double, thread.thread) == said
            said.append(("assistant", reply.text))
            assert (thread.backend, thread.reason) == (mode, "first" if number == 1 else "switched")
