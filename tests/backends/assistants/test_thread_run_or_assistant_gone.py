"""The thread, the run or the assistant is not there."""

from __future__ import annotations

import pytest

from backends.assistants.backend import Assistants
from backends.protocol import ReplyFailed, RunLost
from chat.context import Line
from tests.backends.kept_threads.provider import AssistantsProvider
from tests.backends.kept_threads.turns import Logged, asked, place
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ThreadsDouble


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
    backend = AssistantsProvider(double).backend(assistant="asst_gone")
    thread = await backend.create_thread(place())
    with pytest.raises(ReplyFailed, match="No assistant found with id 'asst_gone'"):
        await backend.start_run(asked(thread, "hello"))
    await backend.close()
