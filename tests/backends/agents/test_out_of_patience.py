"""The agent's turn outlasts the patience of recado's turn."""

from __future__ import annotations

import pytest

from backends.agents.backend import Agents
from backends.protocol import Answer, ReplyFailed
from tests.backends.kept_threads.turns import asked, place
from tests.doubles.openai_agents import AgentsDouble


async def test_a_reply_that_comes_at_the_last_moment_is_taken(backend: Agents, agents: AgentsDouble) -> None:
    """It completed before it could be cancelled: it is paid for, and it is the answer."""
    request = asked(await backend.create_thread(place()), "hello", patience=1.0)
    agents.latency = 1.5
    agents.plan(stubborn=True)
    run = await backend.start_run(request)
    answer = await backend.await_run(request, run)
    assert isinstance(answer, Answer)
    assert answer.run == run


async def test_an_approval_is_not_waited_for(backend: Agents, agents: AgentsDouble) -> None:
    """The agent wants an approval: the turn fails at once with advice, and the session is free again."""
    agents.plan("waiting")
    request = asked(await backend.create_thread(place()), "hello", patience=60.0)
    run = await backend.start_run(request)
    with pytest.raises(ReplyFailed, match=r"no chat can give \(mcp_approval_request\)") as failed:
        await backend.await_run(request, run)
    assert failed.value.error_class == "run_failed"
    assert agents.only.active is None


async def test_stop_turn_stops_no_other_turn(backend: Agents, agents: AgentsDouble) -> None:
    """The API cancels any active turn: one that has ended is left alone."""
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    agents.plan("in_progress")
    await backend.start_run(asked(request.thread, "next", turn="t2"))
    await backend.stop_turn(request.thread, request.turn, run)
    assert agents.only.turns[-1].status == "in_progress"
