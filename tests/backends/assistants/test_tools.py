"""The run asks for functions to be called."""

from __future__ import annotations

from typing import Any

import pytest

from backends.assistants.backend import Assistants
from backends.protocol import Answer, ReplyRequest, ToolsWanted
from tests.backends.kept_threads.turns import CLOCK, answered, asked, done, place
from tests.doubles.openai_threads import ASSISTANT, ThreadsDouble

TWO = [[("clock", "{}"), ("weather", '{"city": "Recife"}')]]


async def started(backend: Assistants, threads: ThreadsDouble, calls: Any = TWO) -> tuple[ReplyRequest, str]:
    threads.plan(calls=calls)
    request = asked(await backend.create_thread(place()), "what is the weather?", tools=(CLOCK,))
    return request, await backend.start_run(request)


async def test_the_tools_of_the_assistant_are_kept(backend: Assistants, threads: ThreadsDouble) -> None:
    """Tools that a run names replace all tools of the assistant; a function of the same name is replaced."""
    search: dict[str, Any] = {"type": "file_search"}
    other = {"type": "function", "function": {"name": "other", "parameters": {}}}
    theirs = {"type": "function", "function": {"name": "clock", "description": "An old one.", "parameters": {}}}
    threads.assistants[ASSISTANT] = [search, other, theirs]
    await answered(backend, asked(await backend.create_thread(place()), "hello", tools=(CLOCK,)))
    ours = {"name": "clock", "description": "The time.", "parameters": CLOCK.parameters}
    assert threads.only.runs[0].body["tools"] == [search, other, {"type": "function", "function": ours}]


async def test_without_tools_the_assistant_is_not_asked_for(backend: Assistants, threads: ThreadsDouble) -> None:
    """Without tools a turn needs one request less."""
    await answered(backend, asked(await backend.create_thread(place()), "hello"))
    assert "assistants.retrieve" not in [request.operation for request in threads.requests]


@pytest.mark.parametrize("fault", ["drop", "server_error", "not_json"])
@pytest.mark.parametrize("after", [False, True])
async def test_outputs_whose_taking_is_not_known_are_not_handed_in_twice(
    backend: Assistants, threads: ThreadsDouble, fault: str, after: bool
) -> None:
    """It first looks at the run."""
    request, run = await started(backend, threads)
    wanted = await backend.await_run(request, run)
    assert isinstance(wanted, ToolsWanted)
    threads.fail(fault, on="runs.submit", after=after)
    calls = done(*(call.id for call in wanted.calls))
    assert isinstance(await backend.await_run(asked(request.thread, "x", calls=calls), run), Answer)
    posted = [request for request in threads.requests if request.operation == "runs.submit"]
    assert [request.done for request in posted] == ([True] if after else [False, True])


async def test_outputs_that_were_handed_in_before_are_refused_and_the_run_is_answered(
    backend: Assistants, threads: ThreadsDouble
) -> None:
    """By a process that hung meanwhile, between our look and our post: the run has gone on, and so does the turn."""
    request, run = await started(backend, threads)
    wanted = await backend.await_run(request, run)
    assert isinstance(wanted, ToolsWanted)
    threads.fail("refused", on="runs.submit", after=True)
    calls = done(*(call.id for call in wanted.calls))
    assert isinstance(await backend.await_run(asked(request.thread, "x", calls=calls), run), Answer)
    assert threads.only.runs[0].submitted == 1
