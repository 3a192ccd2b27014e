"""The run ended without a reply: the reason decides whether another attempt is made."""

from __future__ import annotations

from typing import Any

import pytest

from backends.assistants.backend import Assistants
from backends.assistants.outcome import fruitless
from backends.assistants.thread import Run, TokenCount
from backends.protocol import ReplyRequest, RunLost, Usage
from tests.backends.kept_threads.provider import AssistantsProvider
from tests.backends.kept_threads.turns import Logged, asked, place
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ThreadsDouble


async def started(backend: Assistants, threads: ThreadsDouble, **plan: Any) -> tuple[ReplyRequest, str]:
    threads.plan(**plan)
    request = asked(await backend.create_thread(place()), "hello")
    return request, await backend.start_run(request)


async def test_a_reply_that_was_cut_short_is_a_reply(backend: Assistants, threads: ThreadsDouble) -> None:
    """As in mode chat: the model had no tokens left, and its text so far is sent, marked as cut."""
    request, run = await started(backend, threads, ending="incomplete", says="It is half past")
    answer = await backend.await_run(request, run)
    assert answer == answer.__class__(
        text="It is half past", model="small-1", run=run, usage=answer.usage, length="cut"
    )


@pytest.mark.parametrize("status", ["failed", "expired", "cancelled"])
def test_the_cost_of_a_lost_run_is_told(status: Any) -> None:
    """Its cost is reported like any other."""
    lost = fruitless(Run(id="run_1", status=status, usage=TokenCount(prompt_tokens=7, completion_tokens=2)))
    assert isinstance(lost, RunLost)
    assert lost.usage == Usage(7, 2)


async def test_the_next_attempt_is_another_run_for_the_same_messages(
    backend: Assistants, threads: ThreadsDouble
) -> None:
    """Two failures, then the reply: each message once, three runs, numbered."""
    threads.plan("failed")
    threads.plan("expired")
    answer = await Logged().go_on(backend)
    assert answer.text == "reply to: morning"
    thread = threads.only
    assert [m["metadata"].get("message") for m in thread.messages] == ["m1", "m2", None]
    assert [(run.status, run.body["metadata"]["attempt"]) for run in thread.runs] == [
        ("failed", "1"),
        ("expired", "2"),
        ("completed", "3"),
    ]


@pytest.mark.parametrize(
    ("message", "wait"),
    [
        ("Rate limit reached. Please try again in 3s. Visit …", 3.0),
        ("Rate limit reached. Please try again in 1.5s.", 1.5),
        ("Rate limit reached. Please try again in 250ms.", 0.25),
        ("Rate limit reached.", 2.0),
    ],
)
async def test_after_a_rate_limit_the_provider_is_left_alone(double: OpenAIDouble, message: str, wait: float) -> None:
    """For the time that it names, before another run is started."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    backend = AssistantsProvider(double).backend(sleep=sleep)
    plan = {"ending": "failed", "code": "rate_limit_exceeded", "message": message}
    request, run = await started(backend, double.threads, **plan)
    with pytest.raises(RunLost):
        await backend.await_run(request, run)
    await backend.close()
    assert slept[-1] == wait
