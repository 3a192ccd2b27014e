"""The double of sessions is held to the openai library: its answers parse strictly."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest
from openai.types.beta.agent_session import AgentSession
from openai.types.beta.agent_session_item import AgentSessionItem
from openai.types.beta.agents.sessions.turn import Turn
from pydantic import TypeAdapter

from tests.doubles.openai_agents import AGENT, AgentsDouble
from tests.doubles.openai_server import OpenAIDouble

ITEM: TypeAdapter[Any] = TypeAdapter(AgentSessionItem)
NOTHING: dict[str, Any] = {"type": "none"}
HELLO: dict[str, Any] = {"role": "user", "content": [{"type": "input_text", "text": "hello"}]}
SAY: dict[str, Any] = {"type": "agent.session.input.message", "input": [HELLO]}


@pytest.fixture
async def client(double: OpenAIDouble) -> AsyncIterator[openai.AsyncOpenAI]:
    made = openai.AsyncOpenAI(
        api_key=double.api_key, base_url=double.base_url, max_retries=0, _strict_response_validation=True
    )
    yield made
    await made.close()


async def test_a_whole_turn_by_the_librarys_own_methods(client: openai.AsyncOpenAI, agents: AgentsDouble) -> None:
    """Session, message, required action, output and reply, each as the library's strict types have it."""
    agents.plan(calls=[[["clock", '{"zone":"UTC"}']]], comment="Wait.")
    api = client.beta.agents.sessions
    made = await api.create(agent_id=AGENT, environment={"type": "none"}, input="hi", metadata={"a": "b"})
    assert (await api.retrieve(made.id)).status == "idle"
    assert (await api.update(made.id, metadata={"c": "d"})).metadata == {"c": "d"}
    event: Any = SAY
    await api.events.create(made.id, events=[event], idempotency_key="k1")
    await api.events.create(made.id, events=[event], idempotency_key="k1")
    (action,) = (await api.retrieve(made.id)).required_actions
    assert action.type == "function_call"
    (turn, _) = [turn async for turn in api.turns.list(made.id)]
    assert (turn.id, turn.status) == (action.turn_id, "waiting")
    output: Any = {"call_id": action.call_id, "turn_id": turn.id, "success": True, "output": "noon"}
    await api.events.create(made.id, events=[{"type": "agent.session.input.tool_result", **output}])
    turn = await api.turns.retrieve(turn.id, session_id=made.id)
    assert turn.status == "completed"
    items = [item async for item in api.turns.items.list(turn.id, session_id=made.id, order="asc", limit=2)]
    assert [item.type for item in items] == ["message", "function_call", "function_call_output", "message", "message"]
    everything = [item async for item in api.items.list(made.id, order="asc")]
    assert everything[2:] == items
    with pytest.raises(openai.NotFoundError, match="No turn found with id 'turn_0'"):
        await api.turns.retrieve("turn_0", session_id=made.id)


async def test_its_answers_fit_the_types(agents: AgentsDouble) -> None:
    """Field by field, without the library's lenience."""
    endings = ("completed", "failed", "cancelled", "queued", "in_progress", "waiting")
    sessions = [agents.add_session("hi", ending=ending) for ending in endings]
    sessions.append(agents.add_session("hi", calls=[[["clock", "{}"]]], comment="Wait."))
    for session in sessions:
        session.advance()
        AgentSession.model_validate_json(json.dumps(session.shown()), strict=True)
        for turn in session.turns:
            Turn.model_validate_json(json.dumps(turn.shown()), strict=True)
        for item in session.items:
            ITEM.validate_json(json.dumps(item), strict=True)


async def test_a_message_sent_during_a_turn_steers_it(client: openai.AsyncOpenAI, agents: AgentsDouble) -> None:
    """There is no second turn, and the double remembers that it happened."""
    session = agents.add_session("hi", ending="in_progress")
    event: Any = SAY
    await client.beta.agents.sessions.events.create(session.id, events=[event])
    assert (len(session.turns), session.steered) == (1, ["hello"])
    await client.beta.agents.sessions.events.create(session.id, events=[{"type": "agent.session.input.cancel"}])
    assert session.shown()["status"] == "idle"


@pytest.mark.parametrize(
    ("path", "body", "complaint"),
    [
        ("", {"agent_id": AGENT, "input": "hi"}, "environment"),
        ("", {"agent_id": AGENT, "environment": NOTHING}, "required when environment.type is none"),
        ("", {"environment": NOTHING, "input": "hi"}, "agent.model"),
        ("", {"agent_id": AGENT, "environment": {"type": "cloud"}, "input": "hi"}, "Invalid value"),
        ("", {"agent_id": AGENT, "environment": NOTHING, "input": "hi", "metadata": {"a": "x" * 513}}, "too long"),
        ("", {"agent_id": AGENT, "environment": NOTHING, "input": "hi", "chat": "c"}, "Unknown parameter: 'chat'"),
        ("/{session}", {"agent": {"tools": [{"type": "function", "name": "f"}]}}, "Invalid value"),
        ("/{session}/events", {}, "events"),
        ("/{session}/events", {"events": [{"type": "agent.session.input.assistant"}]}, "Invalid value"),
        ("/{session}/events", {"events": [SAY | {"input": [HELLO | {"role": "assistant"}]}]}, "Invalid value"),
        ("/{session}/events", {"events": [SAY | {"input": [HELLO | {"content": "hi"}]}]}, "Invalid value"),
        (
            "/{session}/events",
            {"events": [SAY | {"input": [HELLO | {"content": [{"type": "input_text", "text": ""}]}]}]},
            "text must not be empty",
        ),
    ],
)
async def test_it_refuses_as_the_real_api(
    double: OpenAIDouble, path: str, body: dict[str, Any], complaint: str
) -> None:
    """A request is held to the library's own types, so that no test passes with a request that real servers refuse."""
    session = double.agents.add_session("hi")
    status, text = await post(double, path.format(session=session.id), body)
    assert status == 400
    assert complaint in text
    assert session.says("user") == ["hi"]


async def test_without_the_beta_header_nothing_is_taken(double: OpenAIDouble) -> None:
    """The API is a beta."""
    status, text = await post(double, "", {}, header={})
    assert status == 400
    assert "OpenAI-Beta: agents=v1" in text


async def test_another_process_tells_it_and_sees_what_stands_in_it() -> None:
    """Over the control endpoint: faults, plans, and the sessions with their turns and items."""
    async with OpenAIDouble(control=True) as double, aiohttp.ClientSession() as session:
        control = double.base_url.removesuffix("/v1") + "/_double/agents"
        await session.post(f"{control}/plans", json=[{"ending": "in_progress"}])
        await session.post(f"{control}/faults", json=[{"kind": "server_error", "on": "events.create", "after": True}])
        id_ = double.agents.add_session("hi").id
        assert (await post(double, f"/{id_}/events", {"events": [SAY]}))[0] == 500
        async with session.get(control) as answer:
            (shown,) = await answer.json()
    assert (shown["id"], shown["status"]) == (id_, "in_progress")
    assert [turn["status"] for turn in shown["turns"]] == ["completed", "in_progress"]
    assert [item["role"] for item in shown["items"]] == ["user", "assistant", "user"]


async def post(
    double: OpenAIDouble, path: str, body: dict[str, Any], *, header: dict[str, str] | None = None
) -> tuple[int, str]:
    beta = {"OpenAI-Beta": "agents=v1"} if header is None else header
    headers = {"Authorization": f"Bearer {double.api_key}", **beta}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{double.base_url}/agents/sessions{path}", json=body) as answer,
    ):
        return answer.status, await answer.text()
