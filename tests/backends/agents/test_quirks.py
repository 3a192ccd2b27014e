"""A server that refuses a part of a request is asked without it, and that is remembered."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backends.agents.backend import Agents
from backends.content.attachments import NOT_TAKEN
from backends.protocol import Answer, ReplyFailed, Tool
from chat.context import Attachment, Line
from tests.backends.kept_threads.turns import CLOCK, answered, asked
from tests.doubles import openai_wire as wire
from tests.doubles.openai_agents import AgentsDouble
from tests.doubles.openai_wire import Json

PHOTO = Line("user", "what is it?", attachments=(Attachment("a", "image/png", "a.png"),))
DAYS = {"type": "object", "$defs": {"day": {"type": "string"}}, "properties": {"day": {"$ref": "#/$defs/day"}}}
CALENDAR = Tool(name="calendar", description="Free hours.", parameters=DAYS)


class Picture:
    async def read(self, name: str) -> bytes | None:
        return name.encode()


def refuse(agents: AgentsDouble, operation: str, words: str, has: Callable[[Json], bool]) -> None:
    """Answer 400 with these words to each such request whose body has the part."""
    right = agents._wrong

    def wrong(request: object, asked_for: str, body: Json) -> object:
        if asked_for == operation and has(body):
            return wire.error(400, words, "invalid_request_error")
        return right(request, asked_for, body)  # type: ignore[arg-type]

    agents._wrong = wrong  # type: ignore[method-assign, assignment]


def refused(agents: AgentsDouble) -> int:
    return sum(request.status == 400 for request in agents.requests)


async def twice(backend: Agents, agents: AgentsDouble, *lines: Line | str, **more: object) -> list[Answer]:
    """The answers of two turns in one session."""
    session = agents.add_session("hi").id
    first = await answered(backend, asked(session, *lines, turn="t1", **more))
    return [first, await answered(backend, asked(session, *lines, turn="t2", **more))]


async def test_a_server_without_tools(backend: Agents, agents: AgentsDouble) -> None:
    refuse(
        agents, "sessions.update", "This model does not support tools.", lambda b: bool(b.get("agent", {}).get("tools"))
    )
    assert [bool(one.text) for one in await twice(backend, agents, "hello", tools=(CLOCK,))] == [True, True]
    assert refused(agents) == 1
    assert set(backend.quirks.found) == {"no_tools"}


async def test_a_server_with_plain_schemas(backend: Agents, agents: AgentsDouble) -> None:
    refuse(agents, "sessions.update", "Invalid schema: '$defs' is not supported.", lambda body: "$defs" in str(body))
    await twice(backend, agents, "hello", tools=(CALENDAR,))
    assert refused(agents) == 1
    assert set(backend.quirks.found) == {"plain_schemas"}
    assert [tool["name"] for tool in agents.only.agent["tools"]] == ["calendar"]
    changed = [request for request in agents.requests if "agent" in request.body]
    assert len(changed) == 2  # the second turn finds its tools there


async def test_a_server_without_pictures(backend: Agents, agents: AgentsDouble) -> None:
    """The model is told, and the words are found again."""
    refuse(agents, "events.create", "image input is not supported", lambda body: "input_image" in str(body))
    await twice(backend, agents, PHOTO, files=Picture())
    assert refused(agents) == 1
    assert set(backend.quirks.found) == {"no_files"}
    sent = [request.body for request in agents.requests if request.operation == "events.create" and request.done]
    assert all(NOT_TAKEN in str(body) and "what is it?" in str(body) for body in sent)
    assert len({body["idempotency_key"] for body in sent}) == 2


async def test_another_refusal_is_no_quirk(backend: Agents, agents: AgentsDouble) -> None:
    refuse(agents, "events.create", "The input is empty.", lambda _: True)
    with pytest.raises(ReplyFailed, match="The input is empty"):
        await twice(backend, agents, "hello")
    assert backend.quirks.found == {}
