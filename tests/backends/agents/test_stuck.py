"""The agent's turn outlasts the patience of recado's turn."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest

from backends.agents import poll
from backends.agents.backend import Agents
from backends.protocol import Answer, ReplyFailed
from tests.backends.agents.turns import agent_at, answered, asked, place
from tests.doubles.openai_agents import AgentsDouble
from tests.doubles.openai_server import OpenAIDouble
from tests.waiting import until

Stuck = Literal["queued", "in_progress"]


@pytest.mark.parametrize("status", ["queued", "in_progress"])
async def test_it_is_cancelled_and_the_turn_fails(backend: Agents, agents: AgentsDouble, status: Stuck) -> None:
    """When the person is told of the failure, no turn is at work any more, and the next one is not blocked."""
    agents.latency = 0.05
    agents.plan(status)
    request = asked(await backend.create_thread(place()), "hello", patience=0.5)
    run = await backend.start_run(request)
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(request, run)
    assert failed.value.error_class == "timeout"
    assert agents.only.turns[-1].status == "cancelled"
    await answered(backend, asked(request.thread, "next", turn="t2"))


async def test_a_reply_that_comes_at_the_last_moment_is_taken(backend: Agents, agents: AgentsDouble) -> None:
    """It completed before it could be cancelled: it is paid for, and it is the answer."""
    request = asked(await backend.create_thread(place()), "hello", patience=1.0)
    agents.latency = 1.5
    agents.plan(stubborn=True)
    run = await backend.start_run(request)
    answer = await backend.await_run(request, run)
    assert isinstance(answer, Answer)
    assert answer.run == run


async def test_one_that_cannot_be_cancelled_is_left(
    backend: Agents, agents: AgentsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person does not wait for a cancel that may take minutes at the provider."""
    monkeypatch.setattr(poll, "ENDS_WITHIN", 0.2)
    agents.plan("in_progress", stubborn=True)
    request = asked(await backend.create_thread(place()), "hello", patience=0.2)
    run = await backend.start_run(request)
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(request, run)
    assert failed.value.error_class == "timeout"
    assert agents.only.turns[-1].status == "in_progress"


async def test_a_server_that_is_gone_meanwhile_is_unreachable(
    backend: Agents, agents: AgentsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be cancelled there; the error's class names the cause."""
    monkeypatch.setattr(poll, "ENDS_WITHIN", 0.2)
    request = asked(await backend.create_thread(place()), "hello", patience=0.5)
    run = await backend.start_run(request)
    agents.fail("drop", times=None)
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(request, run)
    assert failed.value.error_class == "unreachable"


async def test_what_nobody_can_give_in_a_chat_is_not_waited_for(backend: Agents, agents: AgentsDouble) -> None:
    """The agent wants an approval: the turn fails at once with advice, and the session is free again."""
    agents.plan("waiting")
    request = asked(await backend.create_thread(place()), "hello", patience=60.0)
    run = await backend.start_run(request)
    with pytest.raises(ReplyFailed, match=r"no chat can give \(mcp_approval_request\)") as failed:
        await backend.await_run(request, run)
    assert failed.value.error_class == "run_failed"
    assert agents.only.active is None


async def test_stop_turn_stops_it(backend: Agents, agents: AgentsDouble) -> None:
    """The turn got another ending: a pause, or an operator's answer."""
    agents.latency = 0.05
    agents.plan("in_progress")
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    await backend.stop_turn(request.thread, request.turn, run)
    assert agents.only.turns[-1].status == "cancelled"


async def test_stop_turn_stops_a_turn_whose_id_nobody_knows(backend: Agents, agents: AgentsDouble) -> None:
    """recado's turn ended while its message was being sent; the session names the turn of the active one."""
    request = asked(await backend.create_thread(place()), "hello")
    agents.plan("in_progress")
    await backend.start_run(request)
    await backend.stop_turn(request.thread, "another-turn", None)
    assert agents.only.turns[-1].status == "in_progress"
    await backend.stop_turn(request.thread, request.turn, None)
    assert agents.only.turns[-1].status == "cancelled"


async def test_stop_turn_stops_a_turn_that_comes_late(double: OpenAIDouble) -> None:
    """Its message was on the way, and the server takes it although the answer is not awaited any more."""
    agents = double.agents

    async def sleep(_: float) -> None:
        agents.come_late()

    backend = agent_at(double, sleep=sleep)
    request = asked(await backend.create_thread(place()), "hello")
    agents.plan("in_progress")
    agents.fail("late", on="events.create")
    starting = asyncio.create_task(backend.start_run(request))
    await until(lambda: agents.requests[-1].operation == "events.create")
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await backend.stop_turn(request.thread, request.turn, None)
    assert [turn.status for turn in agents.only.turns] == ["completed", "cancelled"]
    await backend.close()


async def test_stop_turn_in_a_session_that_is_gone(backend: Agents, agents: AgentsDouble) -> None:
    """There is nothing to stop."""
    request = asked(await backend.create_thread(place()), "hello")
    agents.sessions.clear()
    asked_before = len(agents.requests)
    await backend.stop_turn(request.thread, request.turn, None)
    assert len(agents.requests) == asked_before + 1


async def test_stop_turn_stops_no_other_turn(backend: Agents, agents: AgentsDouble) -> None:
    """The API cancels any active turn: one that has ended is left alone."""
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    agents.plan("in_progress")
    await backend.start_run(asked(request.thread, "next", turn="t2"))
    await backend.stop_turn(request.thread, request.turn, run)
    assert agents.only.turns[-1].status == "in_progress"


@pytest.mark.parametrize("fault", ["server_error", "drop", "not_json", "forbidden", "rate_limit"])
async def test_stop_turn_raises_nothing(
    backend: Agents, agents: AgentsDouble, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """It tries for a while; its caller does not wait for it."""
    monkeypatch.setattr(poll, "ENDS_WITHIN", 0.2)
    agents.plan("in_progress")
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    agents.fail(fault, times=None)
    await backend.stop_turn(request.thread, request.turn, run)
