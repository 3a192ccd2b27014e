"""Promises of every backend, where the provider keeps the session."""

from __future__ import annotations

import asyncio

import pytest

from backends import one_question
from backends.agents.backend import Agents
from backends.protocol import ReplyBackend, ReplyFailed, ThreadBackend
from tests.backends.agents.turns import Logged, asked
from tests.doubles.openai_agents import AgentsDouble
from tests.waiting import until


def test_it_is_a_thread_backend(backend: Agents) -> None:
    """Its name is the one in events."""
    assert isinstance(backend, ThreadBackend)
    assert not isinstance(backend, ReplyBackend)
    assert backend.name == "agents"


async def test_many_chats_are_answered_at_once(backend: Agents, agents: AgentsDouble) -> None:
    """No answer strays to another chat, and each has a session of its own."""
    agents.latency = 0.05

    async def ask(number: int) -> str:
        return (await Logged(request=asked("", f"I am {number}", turn=f"t{number}")).go_on(backend)).text

    answers = await asyncio.gather(*(ask(number) for number in range(30)))
    assert answers == [f"reply to: I am {number}" for number in range(30)]
    assert len(agents.sessions) == 30


async def test_a_question_that_belongs_to_no_chat(backend: Agents, agents: AgentsDouble) -> None:
    """`recado ask`: a new session, and no tool."""
    assert (await one_question.ask(backend, asked("", "what is a recado?"))).text == "reply to: what is a recado?"
    assert [turn.status for turn in agents.only.turns] == ["completed", "completed"]


@pytest.mark.parametrize(
    "on", ["sessions.create", "turns.list", "sessions.update", "events.create", "items.list", "turns.retrieve"]
)
async def test_cancelled_it_ends_at_once(backend: Agents, agents: AgentsDouble, on: str) -> None:
    """At any await, and the backend still works."""
    agents.fail("hang", on=on)
    playing = asyncio.create_task(Logged().go_on(backend))
    await until(lambda: any(request.fault for request in agents.requests))
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert (await Logged().go_on(backend)).text == "reply to: morning"


async def test_a_text_that_no_request_can_carry_fails_the_turn(backend: Agents, agents: AgentsDouble) -> None:
    """Half a surrogate pair: bad_request, and no turn was begun."""
    session = agents.add_session("hi")
    with pytest.raises(ReplyFailed) as failed:
        await backend.start_run(asked(session.id, "\ud83d"))
    assert failed.value.error_class == "bad_request"
    assert session.says("user") == ["hi"]


async def test_closing_twice_is_closing(backend: Agents) -> None:
    """`close` may be called on every way out."""
    await backend.close()
    await backend.close()
