"""Requests that the server carries out after their client has given up."""

from __future__ import annotations

import asyncio

import pytest

from backends.assistants.backend import Assistants
from tests.backends.kept_threads.turns import answered, asked, place
from tests.doubles.openai_threads import ThreadsDouble


def comes_after(backend: Assistants, threads: ThreadsDouble, posts: int, operation: str) -> None:
    """Let the late request arrive once it has been posted so often and the backend sleeps again."""

    async def sleep(_: float) -> None:
        if [request.operation for request in threads.requests].count(operation) == posts:
            threads.come_late()
        await asyncio.sleep(0.01)

    backend._sleep = sleep


async def test_a_message_that_comes_twice_is_taken_out(backend: Assistants, threads: ThreadsDouble) -> None:
    """The first post was given up and carried out after the second: one copy stays, and one run answers it."""
    request = asked(await backend.create_thread(place()), "hello", "there", patience=6.0)
    threads.fail("late", on="messages.create")
    threads.fail("busy", on="runs.create")
    comes_after(backend, threads, 3, "messages.create")
    await answered(backend, request)
    theirs = [m["metadata"].get("message") for m in threads.only.messages]
    assert theirs == ["m1", "m2", None]
    assert [run.status for run in threads.only.runs] == ["completed"]
    assert "messages.delete" in [asked.operation for asked in threads.requests]


@pytest.mark.parametrize("posts", [1, 2])
async def test_of_two_runs_only_one_is_made(backend: Assistants, threads: ThreadsDouble, posts: int) -> None:
    """The post was given up: the run is there at the next look and is adopted, or arrives while the thread is
    locked."""
    threads.latency = 0.2
    request = asked(await backend.create_thread(place()), "hello", patience=4.0)
    threads.fail("late", on="runs.create")
    comes_after(backend, threads, posts, "runs.create")
    answer = await answered(backend, request)
    assert [(run.id, run.status) for run in threads.only.runs] == [(answer.run, "completed")]
    assert [asked.operation for asked in threads.requests].count("runs.create") == posts
