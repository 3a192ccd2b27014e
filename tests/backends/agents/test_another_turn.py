"""A foreign turn is active in the session: a message sent now would steer it."""

from __future__ import annotations

from typing import Any

import pytest

from backends.agents import start
from backends.agents.backend import Agents
from backends.protocol import ThreadLost
from tests.backends.kept_threads.turns import answered, asked
from tests.doubles.openai_agents import AgentsDouble


async def test_it_may_end_by_itself(backend: Agents, agents: AgentsDouble) -> None:
    """Another user talks to the agent: recado does not stop that while there is time."""
    agents.latency = 0.3
    session = agents.add_session("from elsewhere")
    await answered(backend, asked(session.id, "hello"))
    assert [turn.status for turn in session.turns] == ["completed", "completed"]
    assert session.steered == []


@pytest.mark.parametrize("ending", ["queued", "in_progress"])
async def test_one_that_does_not_end_is_cancelled(backend: Agents, agents: AgentsDouble, ending: str) -> None:
    """After a third of the patience, since the waiting person comes first."""
    session = agents.add_session("from elsewhere", ending=ending)
    await answered(backend, asked(session.id, "hello", patience=0.9))
    assert [turn.status for turn in session.turns] == ["cancelled", "completed"]
    assert session.steered == []


@pytest.mark.parametrize("plan", [{"calls": [[("clock", "{}")]]}, {"ending": "waiting"}])
async def test_one_that_waits_for_a_person_is_cancelled_at_once(
    backend: Agents, agents: AgentsDouble, plan: dict[str, Any]
) -> None:
    """A former turn of recado's that waits for a tool, or for an approval that no chat can give."""
    session = agents.add_session("before", **plan)
    await answered(backend, asked(session.id, "hello", patience=30.0))
    assert [turn.status for turn in session.turns] == ["cancelled", "completed"]


async def test_a_cancel_that_fails_is_repeated(backend: Agents, agents: AgentsDouble) -> None:
    """A 500 for the cancel does not fail the turn."""
    session = agents.add_session("before", calls=[[("clock", "{}")]])
    agents.fail("server_error", on="events.create", times=2)
    await answered(backend, asked(session.id, "hello"))
    assert session.says("user") == ["before", "hello"]


async def test_a_session_that_is_not_let_go_of_is_lost(
    backend: Agents, agents: AgentsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn that cannot be ended would block the chat for good: another session takes its place."""
    monkeypatch.setattr(start, "ENDS_WITHIN", 0.2)
    session = agents.add_session("before", ending="in_progress", stubborn=True)
    with pytest.raises(ThreadLost, match="cannot be stopped"):
        await backend.start_run(asked(session.id, "hello", patience=0.9))
    assert session.says("user") == ["before"]
