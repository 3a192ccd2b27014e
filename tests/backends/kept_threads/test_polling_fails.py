"""A request fails while recado polls a run: it polls again."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from backends.protocol import Answer, ReplyFailed, ThreadBackend
from backends.provider.polling import looks
from tests.backends.kept_threads.provider import PROVIDERS, Provider
from tests.backends.kept_threads.turns import asked, place


@pytest.mark.parametrize(
    ("provider", "on"),
    [(one, on) for one in PROVIDERS for on in (one.retrieve, one.list_replies)],
    indirect=["provider"],
)
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
async def test_it_polls_again(provider: Provider, backend: ThreadBackend, on: str, fault: dict[str, Any]) -> None:
    """The run at work gives the answer; nothing is posted."""
    request = asked(await backend.create_thread(place()), "hello", patience=2.0)
    run = await backend.start_run(request)
    posted = len(provider.serving.requests)
    provider.serving.fail(**fault, on=on, times=2)
    answer = await backend.await_run(request, run)
    assert isinstance(answer, Answer)
    assert answer.text == "reply to: hello"
    polled = {request.operation for request in provider.serving.requests[posted:]}
    assert polled <= {provider.retrieve, provider.list_replies, "sessions.retrieve"}


async def test_it_polls_soon_and_then_less_often(provider: Provider) -> None:
    """For the first time after 0.2 s, in the end every 2 s."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 20:
            provider.runs()[-1]._ahead = [(0.0, "completed")]

    backend = provider.backend(sleep=sleep)
    request = asked(await backend.create_thread(place()), "hello")
    provider.serving.plan("in_progress")
    run = await backend.start_run(request)
    slept.clear()
    await backend.await_run(request, run)
    await backend.close()
    assert slept[:20] == list(islice(looks(), 20))


@pytest.mark.parametrize(("fault", "error_class"), [("bad_key", "bad_key"), ("refused", "bad_request")])
async def test_a_lasting_fault_ends_the_turn(
    provider: Provider, backend: ThreadBackend, fault: str, error_class: str
) -> None:
    """At once, without waiting for the patience to end."""
    request = asked(await backend.create_thread(place()), "hello")
    run = await backend.start_run(request)
    if fault == "bad_key":
        provider.double.api_key = "sk-changed-0123456789"
    else:
        provider.serving.fail(fault, on=provider.retrieve)
    with pytest.raises(ReplyFailed) as failed:
        await backend.await_run(request, run)
    assert failed.value.error_class == error_class
