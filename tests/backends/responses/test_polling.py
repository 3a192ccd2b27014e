"""Polling of a response until it has ended."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backends.protocol import ReplyFailed
from backends.responses.backend import Responses
from tests.backends.responses.turns import Turn
from tests.doubles.openai_responses import ResponsesDouble

TROUBLE: list[dict[str, Any]] = [
    {"kind": "rate_limit", "headers": {"retry-after": "1"}},
    {"kind": "error", "status": 503},
    {"kind": "drop"},
    {"kind": "not_json"},
    {"kind": "empty_object"},
]


@pytest.mark.parametrize("fault", TROUBLE)
async def test_trouble_in_the_middle_is_waited_out(
    responses: Responses, provider: ResponsesDouble, thread: str, fault: dict[str, Any]
) -> None:
    """Three faults in a row: the response is polled again, and nothing is made twice."""
    provider.latency = 0.1
    provider.fail(at="responses.retrieve", times=3, **fault)
    assert (await Turn(thread, "hello").answered(responses)).text == "reply to: hello"
    assert len(provider.asked("responses.create")) == 2


@pytest.mark.parametrize(
    ("fault", "error_class"),
    [
        ({"kind": "rate_limit"}, "rate_limited"),
        ({"kind": "hang"}, "timeout"),
        ({"kind": "not_json"}, "malformed_answer"),
    ],
)
async def test_trouble_that_outlasts_the_patience(
    responses: Responses, provider: ResponsesDouble, thread: str, fault: dict[str, Any], error_class: str
) -> None:
    """The turn fails by its class, and the response is stopped at the provider."""
    provider.fail("stuck")
    provider.fail(at="responses.retrieve", times=None, **fault)
    with pytest.raises(ReplyFailed) as failed:
        await Turn(thread, "hello", patience=0.5).answered(responses)
    assert failed.value.error_class == error_class
    assert provider.active == []


async def test_a_response_that_is_stuck_is_cancelled(
    responses: Responses, provider: ResponsesDouble, thread: str
) -> None:
    """In progress for ever: at the end of the patience it is cancelled and the turn fails; the chat goes on."""
    provider.fail("stuck")
    with pytest.raises(ReplyFailed, match="in_progress: no answer within") as failed:
        await Turn(thread, "hello", patience=0.5).answered(responses)
    assert failed.value.error_class == "timeout"
    assert list(provider.made.values())[-1].object["status"] == "cancelled"
    assert (await Turn(thread, "still there?", turn="turn-2").answered(responses)).text == "reply to: still there?"


async def test_a_run_without_a_turn_is_stopped(responses: Responses, provider: ResponsesDouble, thread: str) -> None:
    """`stop_turn` stops it, also a second time, and also an unknown one."""
    provider.fail("stuck")
    turn = Turn(thread, "hello")
    await turn.step(responses)
    await turn.step(responses)
    assert turn.run is not None
    for run in (turn.run, turn.run, "resp_unknown", turn.runs[0]):
        await responses.stop_turn(thread, "turn-1", run)
    assert provider.active == []


async def test_dropped_while_it_is_asked_for_it_is_stopped_all_the_same(
    responses: Responses, provider: ResponsesDouble, thread: str
) -> None:
    """An operator answers at that very moment: the response, whose id is not known yet, is cancelled."""
    create = responses._calls.create_response

    async def slow(body: Any) -> Any:
        response = await create(body)
        asked.set()
        await asyncio.sleep(0.1)
        return response

    asked = asyncio.Event()
    responses._calls.create_response = slow  # type: ignore[method-assign]
    provider.fail("stuck")
    turn = Turn(thread, "hello")
    await turn.step(responses)
    waiting = asyncio.create_task(turn.step(responses))
    await asked.wait()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert len(provider.active) == 1
    await provider.until(lambda: provider.active == [])
