"""The session, or the agent's turn, is not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backends.agents.backend import Agents
from backends.protocol import RunLost, ThreadLost
from chat.context import Line
from tests.backends.agents.turns import Logged, answered, asked, place
from tests.doubles.openai_agents import AgentsDouble


def deleted(agents: AgentsDouble, session: str) -> None:
    del agents.sessions[session]


def forbidden(agents: AgentsDouble, _: str) -> None:
    agents.fail("forbidden", times=None)


Loss = Callable[[AgentsDouble, str], None]
LOSSES: list[Loss] = [deleted, forbidden]


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_session_that_is_gone_is_lost_to_a_new_turn(backend: Agents, agents: AgentsDouble, loss: Loss) -> None:
    """Deleted, or of another project: the error names the session and the provider's message."""
    session = await backend.create_thread(place())
    loss(agents, session)
    with pytest.raises(ThreadLost) as lost:
        await backend.start_run(asked(session, "hello"))
    assert lost.value.thread == session
    assert lost.value.detail


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_session_that_is_gone_is_lost_to_a_run(backend: Agents, agents: AgentsDouble, loss: Loss) -> None:
    """The same while recado waits for a turn."""
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    loss(agents, request.thread)
    with pytest.raises(ThreadLost):
        await backend.await_run(request, run)


async def test_the_conversation_goes_on_in_another_session(backend: Agents, agents: AgentsDouble) -> None:
    """The new session has the history."""
    logged = Logged(Line("user", "before"), Line("assistant", "yes"))
    logged.thread = "sess_gone"
    answer = await logged.go_on(backend)
    assert answer.text == "reply to: morning"
    note, *said = agents.only.says("user")
    assert note.splitlines()[1:] == ['{"role":"user","text":"before"}', '{"role":"assistant","text":"yes"}']
    assert said == ["good", "morning"]


async def test_a_turn_that_is_gone_is_lost(backend: Agents, agents: AgentsDouble) -> None:
    """The session is there: another turn answers, and no message is added again."""
    logged = Logged()
    logged.thread = await backend.create_thread(place())
    logged.run = await backend.start_run(asked(logged.thread, "good", "morning"))
    logged.attempt = 1
    del agents.only.turns[-1]
    with pytest.raises(RunLost) as lost:
        await backend.await_run(asked(logged.thread, "good", "morning"), logged.run)
    assert lost.value.run == logged.run
    answer = await logged.go_on(backend)
    assert answer.run == agents.only.turns[-1].id
    assert agents.only.says("user")[1:3] == ["good", "morning"]
    assert [text for text in agents.only.says("user")[3:] if "not answered" not in text] == []


@pytest.mark.parametrize("name", ["../agents", "sess_1/events", "a?b=c#d", "thread_abc"])
async def test_a_session_with_a_strange_name_is_only_looked_for(
    backend: Agents, agents: AgentsDouble, name: str
) -> None:
    """Names may come from imported files: none of them becomes another address."""
    with pytest.raises(ThreadLost):
        await backend.start_run(asked(name, "hello"))
    assert {request.operation for request in agents.requests} <= {"sessions.retrieve"}
    await answered(backend, asked(agents.add_session("hi").id, "hello"))


async def test_what_is_no_id_of_a_session_is_no_session(backend: Agents, agents: AgentsDouble) -> None:
    """A server that checks the form of ids says 400 and not 404."""
    agents.fail("refused", on="sessions.retrieve")
    with pytest.raises(ThreadLost):
        await backend.start_run(asked("thread_abc", "hello"))
