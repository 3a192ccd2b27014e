"""The agent asks for functions to be called."""

from __future__ import annotations

from typing import Any

import pytest

from backends.agents.backend import Agents
from backends.protocol import Answer, ReplyRequest, ToolsWanted
from tests.backends.kept_threads.turns import CLOCK, answered, asked, done
from tests.doubles.openai_agents import AGENT, AgentsDouble

TWO = [[("clock", "{}"), ("weather", '{"city":"Recife"}')]]
OURS = {"type": "function", "name": "clock", "description": "The time.", "parameters": CLOCK.parameters}
SEARCH: dict[str, Any] = {"type": "web_search", "context_size": "medium", "mode": "live"}


async def started(backend: Agents, agents: AgentsDouble, calls: Any = TWO) -> tuple[ReplyRequest, str]:
    thread = agents.add_session("hi").id
    agents.plan(calls=calls)
    request = asked(thread, "what is the weather?", tools=(CLOCK,))
    return request, await backend.start_run(request)


def submitted(agents: AgentsDouble) -> list[str]:
    """The outputs that the server took."""
    return agents.only.turns[-1].outputs


async def test_arguments_that_are_no_json_come_as_they_are(backend: Agents, agents: AgentsDouble) -> None:
    """The caller of the tool tells the model."""
    request, run = await started(backend, agents, [[("clock", '{"zone": ')]])
    wanted = await backend.await_run(request, run)
    assert isinstance(wanted, ToolsWanted)
    assert wanted.calls[0].arguments == '{"zone": '


async def test_functions_are_those_that_recado_offers(backend: Agents, agents: AgentsDouble) -> None:
    """The agent's other tools stay; a function that recado does not have could not be answered."""
    theirs = {"type": "function", "name": "other", "description": "?", "parameters": {}}
    agents.saved[AGENT] |= {"tools": [SEARCH, theirs]}
    session = agents.add_session("hi")
    await answered(backend, asked(session.id, "hello", tools=(CLOCK,)))
    assert session.agent["tools"] == [SEARCH, OURS | {"defer_loading": False}]
    await answered(backend, asked(session.id, "hello", turn="t2"))
    assert session.agent["tools"] == [SEARCH]


async def test_tools_that_are_there_already_are_not_sent_again(backend: Agents, agents: AgentsDouble) -> None:
    """The API does not show other tools in full (an MCP server's headers): sent back they would lose parts."""
    session = agents.add_session("hi")
    for number in range(2):
        await answered(backend, asked(session.id, "hello", turn=f"t{number}", tools=(CLOCK,)))
    updates = [request.body for request in agents.requests if request.operation == "sessions.update"]
    assert ["agent" in update for update in updates] == [True, False]


@pytest.mark.parametrize("fault", ["drop", "server_error", "hang"])
@pytest.mark.parametrize("after", [False, True])
async def test_an_output_whose_taking_is_not_known_is_not_handed_in_twice(
    backend: Agents, agents: AgentsDouble, fault: str, after: bool
) -> None:
    """It first looks at the actions that the session still waits for."""
    request, run = await started(backend, agents)
    wanted = await backend.await_run(request, run)
    assert isinstance(wanted, ToolsWanted)
    agents.fail(fault, on="events.create", after=after)
    calls = done(*(call.id for call in wanted.calls))
    answer = await backend.await_run(asked(request.thread, "x", calls=calls, patience=4.0), run)
    assert isinstance(answer, Answer)
    assert submitted(agents) == [call.output for call in calls]
    posted = [request for request in agents.requests if request.operation == "events.create"][1:]
    assert [request.done for request in posted] == ([True, True] if after else [False, True, True])


async def test_a_call_that_is_not_registered_yet_is_looked_at_again(backend: Agents, agents: AgentsDouble) -> None:
    """The library knows this race of the service's: "Unknown pending tool call"."""
    request, run = await started(backend, agents, [[("clock", "{}")]])
    wanted = await backend.await_run(request, run)
    assert isinstance(wanted, ToolsWanted)
    agents.unregistered = 2
    answer = await backend.await_run(asked(request.thread, "x", calls=done(wanted.calls[0].id)), run)
    assert isinstance(answer, Answer)
    assert len(submitted(agents)) == 1
