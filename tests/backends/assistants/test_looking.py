"""A request fails while recado polls a run: it polls again."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from backends.assistants.backend import Assistants
from backends.protocol import Answer, ReplyFailed
from backends.provider.polling import looks
from tests.backends.assistants.turns import asked, assistant_at, place
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ThreadsDouble


@pytest.mark.parametrize("on", ["runs.retrieve", "messages.list"])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "rate_limit", "headers": {"retry-after": "1"}},
        {"kind": "server_error"},
        {"kind": "server_error", "status": 503},
        {"kind": "drop"},
        {"kind": "hang"},
        {"kind": "not_json", "after": True},
        {"kind": "truncated", "after": True},
        {"kind": "empty_object"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
async def test_it_looks_again(backend: Assistants, threads: ThreadsDouble, on: str, fault: dict[str, Any]) -> None:
    """The run at work gives the answer; nothing is posted."""
    request = asked(await backend.create_thread(place()), "hello", patience=2.0)
    run = await backend.start_run(request)
    posted = len(threads.requests)
    threads.fail(**fault, on=on, times=2)
    answer = await backend.await_run(request, run)
    assert isinstance(answer, Answer)
    assert answer.text == "reply to: hello"
    assert {request.operation for request in threads.requests[posted:]} <= {"runs.retrieve", "messages.list"}


async def test_it_looks_soon_and_then_less_often(double: OpenAIDouble) -> None:
    """The first look after 0.2 s, in the end one every 2 s."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 20:
            double.threads.only.runs[0]._ahead = [(0.0, "completed")]

    backend = assistant_at(double, sleep=sleep)
    double.threads.plan("in_progress")
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    await backend.await_run(request, run)
    await backend.close()
    assert slept[:20] == list(islice(looks(), 20))


@pytest.mark.parametrize(("fault", "error_class"), [("bad_key", "bad_key"), ("refused", "bad_request")])
async def test_what_cannot_be_mended_ends_the_turn(
    backend: Assistants, double: OpenAIDouble, fault: str, error_class: str
) -> None:
    """At once, without waiting for the patience to end."""
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    if fault == "bad_key":
        double.api_key = "sk-changed-0123456789"
    else:
        double.threads.fail(fault, on="runs.retrieve")
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(request, run)
    assert failed.value.error_class == error_class
