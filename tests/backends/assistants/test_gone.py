"""The thread, the run or the assistant is not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backends.assistants.backend import Assistants
from backends.protocol import ReplyFailed, RunLost, ThreadLost
from chat.context import Line
from tests.backends.assistants.turns import Logged, answered, asked, assistant_at, place
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ThreadsDouble


def deleted(threads: ThreadsDouble, thread: str) -> None:
    del threads.threads[thread]


def given_away(threads: ThreadsDouble, thread: str) -> None:
    threads.threads[thread].ours = False


def forbidden(threads: ThreadsDouble, thread: str) -> None:
    threads.fail("forbidden", times=None)


Loss = Callable[[ThreadsDouble, str], None]
LOSSES: list[Loss] = [deleted, given_away, forbidden]


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_thread_that_is_gone_is_lost_to_a_new_turn(
    backend: Assistants, threads: ThreadsDouble, loss: Loss
) -> None:
    """Deleted, of another key, or forbidden: the error names the thread and the provider's message."""
    thread = await backend.create_thread(place())
    loss(threads, thread)
    with pytest.raises(ThreadLost) as lost:
        await backend.start_run(asked(thread, "hello"))
    assert lost.value.thread == thread
    assert lost.value.detail


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_thread_that_is_gone_is_lost_to_a_run(backend: Assistants, threads: ThreadsDouble, loss: Loss) -> None:
    """The same while recado waits for a run."""
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    loss(threads, request.thread)
    with pytest.raises(ThreadLost):
        await backend.await_run(request, run)


@pytest.mark.parametrize("on", ["runs.list", "messages.list", "messages.create", "runs.create"])
async def test_it_may_go_at_any_request(backend: Assistants, threads: ThreadsDouble, on: str) -> None:
    """The turn goes on in another thread, which has the history, and is answered there."""
    logged = Logged(Line("user", "before"), Line("assistant", "yes"))
    first = logged.thread = await backend.create_thread(place())
    threads.fail("gone", on=on)
    answer = await logged.go_on(backend)
    assert answer.text == "reply to: morning"
    assert logged.thread != first
    assert logged.thread is not None
    said = [m["content"][0]["text"]["value"] for m in threads.threads[logged.thread].messages]
    assert said == ["before", "yes", "good", "morning", "reply to: morning"]


async def test_a_run_that_is_gone_is_lost(backend: Assistants, threads: ThreadsDouble) -> None:
    """The thread is there: another run answers, and no message is added again."""
    logged = Logged()
    logged.thread = await backend.create_thread(place())
    logged.run = "run_forgotten"
    logged.attempt = 1
    with pytest.raises(RunLost) as lost:
        await backend.await_run(asked(logged.thread, "hello"), logged.run)
    assert lost.value.run == "run_forgotten"
    assert (await logged.go_on(backend)).text == "reply to: morning"


async def test_an_assistant_that_is_gone_is_no_lost_thread(double: OpenAIDouble) -> None:
    """A new thread would not help: the turn fails, and the error names the assistant."""
    backend = assistant_at(double, assistant="asst_gone")
    thread = await backend.create_thread(place())
    with pytest.raises(ReplyFailed, match="No assistant found with id 'asst_gone'"):
        await backend.start_run(asked(thread, "hello"))
    await backend.close()


async def test_a_thread_with_a_strange_name_is_only_looked_for(backend: Assistants, threads: ThreadsDouble) -> None:
    """Names may come from imported files: none of them becomes another address."""
    thread = await backend.create_thread(place())
    for name in (f"{thread}/../{thread}", "../threads", "a?b=c#d"):
        with pytest.raises(ThreadLost):
            await backend.start_run(asked(name, "hello"))
    await answered(backend, asked(thread, "hello"))
