"""A run asks for functions to be called."""

from __future__ import annotations

from typing import Any

import pytest

from backends.protocol import Answer, ReplyFailed, ReplyRequest, ThreadBackend, ToolsWanted
from tests.backends.kept_threads.provider import Provider
from tests.backends.kept_threads.turns import CLOCK, asked, done, place

TWO = [[("clock", "{}"), ("weather", '{"city":"Recife"}')]]


async def started(provider: Provider, backend: ThreadBackend, calls: Any = TWO) -> tuple[ReplyRequest, str]:
    provider.serving.plan(calls=calls)
    request = asked(await backend.create_thread(place()), "what is the weather?", tools=(CLOCK,))
    return request, await backend.start_run(request)


async def test_the_calls_that_have_no_output_are_wanted(provider: Provider, backend: ThreadBackend) -> None:
    """First all calls, then those still missing; nothing is handed in before all outputs are there."""
    request, run = await started(provider, backend)
    wanted = await backend.await_run(request, run)
    assert isinstance(wanted, ToolsWanted)
    assert [(call.name, call.arguments) for call in wanted.calls] == TWO[0]
    first, second = wanted.calls
    again = await backend.await_run(asked(request.thread, "x", calls=done(first.id)), run)
    assert again == ToolsWanted((second,))
    assert provider.outputs() == []


async def test_the_run_goes_on_with_the_outputs(provider: Provider, backend: ThreadBackend) -> None:
    """Each output is handed in once, and only those of the run's calls."""
    request, run = await started(provider, backend)
    wanted = await backend.await_run(request, run)
    assert isinstance(wanted, ToolsWanted)
    ids = [call.id for call in wanted.calls]
    answer = await backend.await_run(asked(request.thread, "x", calls=done("call_older", *ids)), run)
    assert isinstance(answer, Answer)
    assert provider.outputs() == [f"output of {id_}" for id_ in ids]


async def test_it_may_ask_again(provider: Provider, backend: ThreadBackend) -> None:
    """A second round has ids of its own; the outputs of the first are not handed in again."""
    request, run = await started(provider, backend, [[("clock", "{}")], [("clock", "{}")]])
    calls: list[str] = []
    outcome: Any = ToolsWanted(())
    while isinstance(outcome, ToolsWanted):
        calls += [call.id for call in outcome.calls]
        outcome = await backend.await_run(asked(request.thread, "x", calls=done(*calls)), run)
    assert len(calls) == len(set(calls)) == len(provider.outputs()) == 2


async def test_outputs_that_are_refused_for_good_end_the_turn(provider: Provider, backend: ThreadBackend) -> None:
    """The server takes none of the outputs that it asked for: repeating does not help."""
    request, run = await started(provider, backend)
    wanted = await backend.await_run(request, run)
    assert isinstance(wanted, ToolsWanted)
    provider.serving.fail("refused", on="runs.submit" if provider.name == "assistants" else provider.begin)
    with pytest.raises(ReplyFailed, match="told to refuse") as failed:
        await backend.await_run(asked(request.thread, "x", calls=done(*(call.id for call in wanted.calls))), run)
    assert failed.value.error_class == "bad_request"
