"""The run outlasts the turn's patience, or the turn ends before it."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from backends.protocol import Answer, ReplyFailed, ThreadBackend
from tests.backends.kept_threads.provider import Provider
from tests.backends.kept_threads.turns import answered, asked, place
from tests.waiting import until


@pytest.mark.parametrize("status", ["queued", "in_progress"])
async def test_it_is_cancelled_and_the_turn_fails(provider: Provider, backend: ThreadBackend, status: str) -> None:
    """When the person is told of the failure, no run is at work any more, and the next turn is not blocked."""
    request = asked(await backend.create_thread(place()), "hello")
    provider.serving.latency = 0.05
    provider.serving.plan(status)
    run = await backend.start_run(request)
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(replace(request, patience=0.5), run)
    assert failed.value.error_class == "timeout"
    assert [run.status for run in provider.runs()] == ["cancelled"]
    await answered(backend, asked(request.thread, "next", turn="t2", ids=("m2",)))


async def test_one_that_cannot_be_cancelled_is_left(
    provider: Provider, backend: ThreadBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person does not wait for a cancel that may take minutes at the provider."""
    monkeypatch.setattr(provider.poll, "ENDS_WITHIN", 0.2)
    provider.serving.plan("in_progress", **provider.stubborn)
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(replace(request, patience=0.2), run)
    assert failed.value.error_class == "timeout"
    assert [run.status for run in provider.runs()] == [provider.left_as]


async def test_a_server_that_is_gone_meanwhile_is_unreachable(
    provider: Provider, backend: ThreadBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be cancelled there; the error's class names the cause."""
    monkeypatch.setattr(provider.poll, "ENDS_WITHIN", 0.2)
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    provider.serving.fail("drop", times=None)
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(replace(request, patience=0.5), run)
    assert failed.value.error_class == "unreachable"


async def test_stop_turn_stops_it(provider: Provider, backend: ThreadBackend) -> None:
    """The turn got another ending: a pause, or an operator's answer."""
    request = asked(await backend.create_thread(place()), "hello")
    provider.serving.latency = 0.05
    provider.serving.plan("in_progress")
    run = await backend.start_run(request)
    await backend.stop_turn(request.thread, request.turn, run)
    assert [run.status for run in provider.runs()] == ["cancelled"]


async def test_stop_turn_stops_a_run_with_an_unknown_id(provider: Provider, backend: ThreadBackend) -> None:
    """The turn ended while its run was being requested; another turn's run is left alone."""
    request = asked(await backend.create_thread(place()), "hello")
    provider.serving.plan("in_progress")
    await backend.start_run(request)
    await backend.stop_turn(request.thread, "another-turn", None)
    assert provider.runs()[-1].status == "in_progress"
    await backend.stop_turn(request.thread, request.turn, None)
    assert provider.runs()[-1].status == "cancelled"


async def test_stop_turn_stops_a_run_that_comes_late(provider: Provider) -> None:
    """Its request was on the way when the turn ended, and the server carries it out."""

    async def sleep(_: float) -> None:
        provider.serving.come_late()

    backend = provider.backend(sleep=sleep)
    request = asked(await backend.create_thread(place()), "hello")
    provider.serving.plan("in_progress")
    provider.serving.fail("late", on=provider.begin)
    starting = asyncio.create_task(backend.start_run(request))
    await until(lambda: provider.serving.requests[-1].operation == provider.begin)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await backend.stop_turn(request.thread, request.turn, None)
    assert [run.status for run in provider.runs()] == ["cancelled"]
    await backend.close()


async def test_stop_turn_in_a_thread_that_is_gone(provider: Provider, backend: ThreadBackend) -> None:
    """There is nothing to stop: one request finds that."""
    request = asked(await backend.create_thread(place()), "hello")
    del provider.threads[request.thread]
    before = len(provider.serving.requests)
    await backend.stop_turn(request.thread, request.turn, None)
    assert len(provider.serving.requests) == before + 1


@pytest.mark.parametrize("fault", ["server_error", "drop", "not_json", "forbidden", "refused", "rate_limit"])
async def test_stop_turn_raises_nothing(
    provider: Provider, backend: ThreadBackend, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """It tries for a while; its caller does not wait for it."""
    monkeypatch.setattr(provider.poll, "ENDS_WITHIN", 0.2)
    provider.serving.plan("in_progress")
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    provider.serving.fail(fault, times=None)
    await backend.stop_turn(request.thread, request.turn, run)


async def test_a_run_that_is_waited_for_no_more_is_adopted(provider: Provider, backend: ThreadBackend) -> None:
    """recado is stopped: the run goes on at the provider, and the next process takes its answer."""
    provider.serving.latency = 0.5
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    waiting = asyncio.create_task(backend.await_run(request, run))
    await until(lambda: provider.serving.requests[-1].operation == provider.retrieve)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled()
    assert await backend.start_run(request) == run
    assert isinstance(await backend.await_run(request, run), Answer)
