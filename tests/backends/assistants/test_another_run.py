"""A run of another turn locks the thread."""

from __future__ import annotations

from typing import Any

import pytest

from backends.assistants.backend import Assistants
from backends.protocol import ThreadLost
from tests.backends.kept_threads.turns import answered, asked
from tests.doubles.openai_threads import ThreadsDouble


@pytest.mark.parametrize("plan", [{"ending": "queued"}, {"ending": "in_progress"}, {"calls": [[("clock", "{}")]]}])
async def test_a_run_of_a_former_turn_is_cancelled(
    backend: Assistants, threads: ThreadsDouble, plan: dict[str, Any]
) -> None:
    """That turn has its ending; also one that hangs waiting for a tool's output."""
    threads.latency = 0.03
    thread = threads.add_thread()
    former = threads.add_run(thread.id, turn="t0", **plan)
    await answered(backend, asked(thread.id, "hello"))
    assert [run.status for run in threads.only.runs] == ["cancelled", "completed"]
    assert threads.only.runs[0] is former


async def test_a_run_that_is_being_cancelled_is_waited_for(backend: Assistants, threads: ThreadsDouble) -> None:
    """The turn's own run, cancelled by a process that was then killed: it is not adopted, another one is started."""
    threads.latency = 0.3
    thread = threads.add_thread()
    threads.add_run(thread.id, turn="t1").cancel()
    await answered(backend, asked(thread.id, "hello"))
    assert [run.status for run in threads.only.runs] == ["cancelled", "completed"]
    assert "runs.cancel" not in [request.operation for request in threads.requests]


async def test_another_clients_run_is_waited_for(backend: Assistants, threads: ThreadsDouble) -> None:
    """recado does not stop a foreign run while there is time."""
    threads.latency = 0.2
    thread = threads.add_thread("from elsewhere")
    threads.add_run(thread.id, ending="completed")
    await answered(backend, asked(thread.id, "hello"))
    assert [run.status for run in threads.only.runs] == ["completed", "completed"]


async def test_another_clients_run_is_cancelled_when_half_the_patience_is_gone(
    backend: Assistants, threads: ThreadsDouble
) -> None:
    """The waiting person comes first."""
    thread = threads.add_thread("from elsewhere")
    threads.add_run(thread.id, ending="in_progress")
    await answered(backend, asked(thread.id, "hello", patience=2.0))
    assert [run.status for run in threads.only.runs] == ["cancelled", "completed"]


@pytest.mark.parametrize("on", ["messages.create", "runs.create"])
async def test_a_run_that_begins_at_the_very_moment_is_found(
    backend: Assistants, threads: ThreadsDouble, on: str
) -> None:
    """The thread is refused between the look and the post: it looks again."""
    thread = threads.add_thread()
    threads.fail("busy", on=on, times=2)
    await answered(backend, asked(thread.id, "one", "two"))
    assert [m["metadata"].get("message") for m in threads.only.messages] == ["m1", "m2", None]
    assert [run.status for run in threads.only.runs] == ["completed"]


async def test_a_cancel_that_fails_is_repeated(backend: Assistants, threads: ThreadsDouble) -> None:
    """A 500 for the cancel does not fail the turn."""
    thread = threads.add_thread()
    threads.add_run(thread.id, turn="t0")
    threads.fail("server_error", on="runs.cancel", times=2)
    await answered(backend, asked(thread.id, "hello"))
    assert [run.status for run in threads.only.runs] == ["cancelled", "completed"]


async def test_a_run_that_is_forgotten_meanwhile_is_no_obstacle(backend: Assistants, threads: ThreadsDouble) -> None:
    """It is listed as active and is gone at the next look."""
    thread = threads.add_thread()
    threads.add_run(thread.id, turn="t0")
    threads.fail("forbidden", on="runs.retrieve")
    threads.like_myla = True
    await answered(backend, asked(thread.id, "hello"))


async def test_a_thread_that_is_not_let_go_of_is_lost(backend: Assistants, threads: ThreadsDouble) -> None:
    """A run that cannot be ended would block the chat for good: another thread takes its place."""
    thread = threads.add_thread()
    run = threads.add_run(thread.id, turn="t0", cancelling=True)
    with pytest.raises(ThreadLost, match=f"{run.id} is cancelling"):
        await backend.start_run(asked(thread.id, "hello", patience=1.6))
    assert thread.messages == []
