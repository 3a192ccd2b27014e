"""The agent's turn ended without a reply: the reason decides whether another attempt is made."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backends.agents.backend import Agents
from backends.agents.outcome import fruitless
from backends.agents.session import TokenCount, Turn, TurnError
from backends.protocol import ReplyFailed, ReplyRequest, RunLost, ThreadLost, Usage
from chat.context import Line
from tests.backends.kept_threads.provider import AgentsProvider
from tests.backends.kept_threads.turns import Logged, asked
from tests.doubles.openai_agents import AgentsDouble
from tests.doubles.openai_server import OpenAIDouble


async def started(backend: Agents, agents: AgentsDouble, **plan: Any) -> tuple[ReplyRequest, str]:
    thread = agents.add_session("hi").id
    agents.plan(**plan)
    request = asked(thread, "hello", attempt=3)
    return request, await backend.start_run(request)


async def test_the_next_attempt_asks_again_and_repeats_nothing(backend: Agents, agents: AgentsDouble) -> None:
    """Two failures, then the reply: each message of the person is there once, and there are three turns."""
    agents.plan("failed")
    agents.plan("cancelled")
    answer = await Logged().go_on(backend)
    session = agents.only
    assert session.says("user")[1:] == [
        "good",
        "morning",
        "You have not answered yet. Please answer now. (2)",
        "You have not answered yet. Please answer now. (3)",
    ]
    assert [turn.status for turn in session.turns[1:]] == ["failed", "cancelled", "completed"]
    assert answer.run == session.turns[-1].id


async def test_an_attempt_that_was_begun_is_adopted(backend: Agents, agents: AgentsDouble) -> None:
    """The second attempt, found again after a kill, is not taken for the first, which failed."""
    agents.plan("failed")
    request = asked(agents.add_session("hi").id, "hello")
    await backend.start_run(request)
    second = asked(request.thread, "hello", attempt=2)
    run = await backend.start_run(second)
    assert await backend.start_run(second) == run == agents.only.turns[-1].id


async def test_a_session_that_has_outgrown_the_model_is_replaced(backend: Agents, agents: AgentsDouble) -> None:
    """A new session begins with the lines of the context window; only once, since the message itself may be too
    long."""
    logged = Logged(Line("user", "before"))
    logged.thread = agents.add_session("a long story").id
    agents.plan("failed", code="context_length_exceeded")
    answer = await logged.go_on(backend)
    assert answer.text == "reply to: morning"
    assert len(agents.sessions) == 2
    for _ in range(2):
        agents.plan("failed", code="context_length_exceeded")
    with pytest.raises(ReplyFailed) as failed:
        await Logged().go_on(backend)
    assert failed.value.error_class == "context_too_long"


async def test_a_session_that_failed_is_lost(backend: Agents, agents: AgentsDouble) -> None:
    """It takes no more messages."""
    session = agents.add_session("hi")
    session.status = "failed"
    with pytest.raises(ThreadLost, match="the session failed"):
        await backend.start_run(asked(session.id, "hello"))


async def test_a_session_whose_limit_is_reached_is_told(backend: Agents, agents: AgentsDouble) -> None:
    """A person set the limit: recado does not evade it with another session."""
    session = agents.add_session("hi")
    session.status = "budget_reached"
    with pytest.raises(ReplyFailed, match="spending limit") as failed:
        await backend.start_run(asked(session.id, "hello"))
    assert failed.value.error_class == "quota_exhausted"


@pytest.mark.parametrize(("attempt", "wait"), [(1, 2.0), (2, 4.0)])
@pytest.mark.parametrize("code", ["rate_limit_exceeded", "server_overloaded"])
async def test_a_busy_provider_is_left_alone(double: OpenAIDouble, code: str, attempt: int, wait: float) -> None:
    """Longer after each attempt, before another one is begun."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    backend = AgentsProvider(double).backend(sleep=sleep)
    request, run = await started(backend, double.agents, ending="failed", code=code)
    with pytest.raises(RunLost):
        await backend.await_run(replace(request, attempt=attempt + 1), run)
    await backend.close()
    assert slept[-1] == wait


@pytest.mark.parametrize("error", [None, TurnError("server_error", "?")])
def test_the_cost_of_a_lost_turn_is_told(error: TurnError | None) -> None:
    """Its cost is reported like any other."""
    turn = Turn(id="turn_1", status="failed", error=error, usage=TokenCount(7, 2))
    lost = fruitless(turn)
    assert isinstance(lost, RunLost)
    assert lost.usage == Usage(7, 2)
