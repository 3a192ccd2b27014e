"""The run outlasts the turn's patience."""

from __future__ import annotations

from msgspec.structs import replace

from backends.assistants.backend import Assistants
from backends.protocol import Answer, ToolsWanted
from tests.backends.kept_threads.turns import asked, place
from tests.doubles.openai_threads import ThreadsDouble


async def test_a_reply_that_comes_at_the_last_moment_is_taken(backend: Assistants, threads: ThreadsDouble) -> None:
    """It completed before it could be cancelled: it is paid for, and it is the answer."""
    threads.latency = 0.5
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    threads.fail("server_error", on="runs.cancel", times=None)
    answer = await backend.await_run(replace(request, patience=0.3), run)
    assert isinstance(answer, Answer)
    assert answer.run == run


async def test_stop_turn_waits_for_no_tool(backend: Assistants, threads: ThreadsDouble) -> None:
    """The run requires an output that will never come."""
    threads.plan(calls=[[("clock", "{}")]])
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    assert isinstance(await backend.await_run(request, run), ToolsWanted)
    await backend.stop_turn(request.thread, request.turn, run)
    assert threads.only.runs[0].status == "cancelled"
