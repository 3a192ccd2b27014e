"""Turns and messages of an earlier try are found, and not begun again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backends.agents.backend import Agents
from backends.protocol import ReplyFailed
from tests.backends.kept_threads.turns import answered, asked, place
from tests.doubles.openai_agents import AgentsDouble
from tests.waiting import until


def operations(agents: AgentsDouble) -> list[str]:
    return [request.operation for request in agents.requests]


@pytest.mark.parametrize("ending", ["completed", "in_progress", "queued", "failed", "cancelled"])
async def test_a_turn_that_was_begun_is_adopted(backend: Agents, agents: AgentsDouble, ending: Any) -> None:
    """In any state: the wait for the turn shows its outcome."""
    request = asked(await backend.create_thread(place()), "good", "morning")
    agents.plan(ending)
    run = await backend.start_run(request)
    assert await backend.start_run(request) == run
    assert operations(agents).count("events.create") == 1


async def test_the_same_words_of_another_turn_are_not_taken_for_these(backend: Agents, agents: AgentsDouble) -> None:
    """People often say "ok". Killed before its message was sent, the second turn does not get the first one's reply."""
    request = asked(await backend.create_thread(place()), "ok")
    first = await answered(backend, request)
    agents.fail("hang", on="events.create")
    second = asked(request.thread, "ok", turn="t2")
    playing = asyncio.create_task(backend.start_run(second))
    await until(lambda: any(request.fault for request in agents.requests))
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    answer = await answered(backend, second)
    assert answer.run != first.run
    assert agents.only.says("user")[1:] == ["ok", "ok"]


@pytest.mark.parametrize("fault", ["drop", "server_error", "hang"])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("lag", [0, 4])
async def test_a_message_of_which_nothing_was_heard_is_looked_for(
    backend: Agents, agents: AgentsDouble, fault: str, after: bool, lag: int
) -> None:
    """The server may have taken it and list it only later: then it is sent again with the same key, which counts
    once."""
    request = asked(await backend.create_thread(place()), "hello", patience=4.0)
    agents.lag = lag
    agents.fail(fault, on="events.create", after=after)
    await answered(backend, request)
    assert agents.only.says("user")[1:] == ["hello"]
    assert agents.only.steered == []
    keys = {request.body["idempotency_key"] for request in agents.requests if request.operation == "events.create"}
    assert len(keys) == 1


async def test_a_message_that_arrives_late_is_there_once(backend: Agents, agents: AgentsDouble) -> None:
    """The first request was only slow: the server carried it out after the second."""
    request = asked(await backend.create_thread(place()), "hello", patience=0.8)
    agents.fail("late", on="events.create", seconds=0.4)
    await answered(backend, request)
    await until(lambda: all(request.done for request in agents.requests))
    assert agents.only.says("user")[1:] == ["hello"]
    assert agents.only.steered == []


async def test_a_message_that_is_accepted_and_never_seen_fails_the_turn(
    backend: Agents, agents: AgentsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server says 202 and keeps nothing."""
    monkeypatch.setattr("backends.agents.start.SHOWS_WITHIN", 0.1)
    request = asked(await backend.create_thread(place()), "hello", patience=0.5)
    agents.lag = 1000
    with pytest.raises(ReplyFailed) as failed:
        await backend.start_run(request)
    assert failed.value.error_class in ("provider_error", "timeout")
