"""The run outlasts the turn's patience."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest
from msgspec.structs import replace

from backends.assistants import poll
from backends.assistants.backend import Assistants
from backends.protocol import Answer, ReplyFailed, ToolsWanted
from tests.backends.assistants.turns import answered, asked, assistant_at, place
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ThreadsDouble
from tests.waiting import until

Stuck = Literal["queued", "in_progress"]


@pytest.mark.parametrize("status", ["queued", "in_progress"])
async def test_it_is_cancelled_and_the_turn_fails(backend: Assistants, threads: ThreadsDouble, status: Stuck) -> None:
    """When the person is told of the failure, no run is at work any more, and the next turn is not blocked."""
    threads.latency = 0.05
    threads.plan(status)
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(replace(request, patience=0.5), run)
    assert failed.value.error_class == "timeout"
    assert [run.status for run in threads.only.runs] == ["cancelled"]
    await answered(backend, asked(request.thread, "next", turn="t2", ids=("m2",)))


async def test_a_reply_that_comes_at_the_last_moment_is_taken(backend: Assistants, threads: ThreadsDouble) -> None:
    """It completed before it could be cancelled: it is paid for, and it is the answer."""
    threads.latency = 0.5
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    threads.fail("server_error", on="runs.cancel", times=None)
    answer = await backend.await_run(replace(request, patience=0.3), run)
    assert isinstance(answer, Answer)
    assert answer.run == run


async def test_one_that_cannot_be_cancelled_is_left(
    backend: Assistants, threads: ThreadsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person does not wait for a cancel that may take minutes at the provider."""
    monkeypatch.setattr(poll, "ENDS_WITHIN", 0.2)
    threads.plan("in_progress", cancelling=True)
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(replace(request, patience=0.2), run)
    assert failed.value.error_class == "timeout"
    assert threads.only.runs[0].status == "cancelling"


async def test_a_server_that_is_gone_meanwhile_is_unreachable(
    backend: Assistants, threads: ThreadsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be cancelled there; the error's class names the cause."""
    monkeypatch.setattr(poll, "ENDS_WITHIN", 0.2)
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    threads.fail("drop", times=None)
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(replace(request, patience=0.5), run)
    assert failed.value.error_class == "unreachable"


async def test_stop_turn_stops_it(backend: Assistants, threads: ThreadsDouble) -> None:
    """The turn got another ending: a pause, or an operator's answer."""
    threads.latency = 0.05
    threads.plan("in_progress")
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    await backend.stop_turn(request.thread, request.turn, run)
    assert threads.only.runs[0].status == "cancelled"


async def test_stop_turn_stops_a_run_whose_id_nobody_knows(backend: Assistants, threads: ThreadsDouble) -> None:
    """The turn ended while its run was being requested; another turn's run is left alone."""
    threads.plan("in_progress")
    request = asked(await backend.create_thread(place()), "hello")
    await backend.start_run(request)
    await backend.stop_turn(request.thread, "another-turn", None)
    assert threads.only.runs[0].status == "in_progress"
    await backend.stop_turn(request.thread, request.turn, None)
    assert threads.only.runs[0].status == "cancelled"


async def test_stop_turn_stops_a_run_that_comes_late(double: OpenAIDouble) -> None:
    """Its request was on the way when the turn ended, and the server carries it out."""
    threads = double.threads

    async def sleep(_: float) -> None:
        threads.come_late()

    backend = assistant_at(double, sleep=sleep)
    request = asked(await backend.create_thread(place()), "hello")
    threads.plan("in_progress")
    threads.fail("late", on="runs.create")
    starting = asyncio.create_task(backend.start_run(request))
    await until(lambda: threads.requests[-1].operation == "runs.create")
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await backend.stop_turn(request.thread, request.turn, None)
    assert [run.status for run in threads.only.runs] == ["cancelled"]
    await backend.close()


async def test_stop_turn_waits_for_no_tool(backend: Assistants, threads: ThreadsDouble) -> None:
    """The run requires an output that will never come."""
    threads.plan(calls=[[("clock", "{}")]])
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    assert isinstance(await backend.await_run(request, run), ToolsWanted)
    await backend.stop_turn(request.thread, request.turn, run)
    assert threads.only.runs[0].status == "cancelled"


async def test_stop_turn_in_a_thread_that_is_gone(backend: Assistants, threads: ThreadsDouble) -> None:
    """There is nothing to stop."""
    request = asked(await backend.create_thread(place()), "hello")
    threads.lose(request.thread)
    await backend.stop_turn(request.thread, request.turn, None)
    assert len([one for one in threads.requests if one.operation == "runs.list"]) == 1


@pytest.mark.parametrize("fault", ["server_error", "drop", "not_json", "forbidden", "refused", "rate_limit"])
async def test_stop_turn_raises_nothing(
    backend: Assistants, threads: ThreadsDouble, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """It tries for a while; its caller does not wait for it."""
    monkeypatch.setattr(poll, "ENDS_WITHIN", 0.2)
    threads.plan("in_progress")
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    threads.fail(fault, times=None)
    await backend.stop_turn(request.thread, request.turn, run)


async def test_cancelled_while_it_waits_it_leaves_the_run_to_be_adopted(
    backend: Assistants, threads: ThreadsDouble
) -> None:
    """recado is stopped: the run goes on at the provider, and the next process takes its answer."""
    threads.latency = 0.5
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    waiting = asyncio.create_task(backend.await_run(request, run))
    await until(lambda: threads.requests[-1].operation == "runs.retrieve")
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled()
    assert await backend.start_run(request) == run
    assert isinstance(await backend.await_run(request, run), Answer)
