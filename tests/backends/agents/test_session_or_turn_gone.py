"""The session, or the agent's turn, is not there."""

from __future__ import annotations

import pytest

from backends.agents.backend import Agents
from backends.protocol import RunLost, ThreadLost
from chat.context import Line
from tests.backends.kept_threads.turns import Logged, asked, place
from tests.doubles.openai_agents import AgentsDouble


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


async def test_a_malformed_session_id_is_no_session(backend: Agents, agents: AgentsDouble) -> None:
    """A server that checks the form of ids says 400 and not 404."""
    agents.fail("refused", on="sessions.retrieve")
    with pytest.raises(ThreadLost):
        await backend.start_run(asked("thread_abc", "hello"))
