"""One response at a time in a conversation: recado waits for another one in progress."""

from __future__ import annotations

import asyncio

import pytest

from backends.protocol import ReplyFailed
from backends.responses.backend import Responses
from tests.backends.responses.test_asked_once import stands_once
from tests.backends.responses.turns import Turn
from tests.doubles.openai_responses import ResponsesDouble


async def test_a_locked_conversation_is_waited_for(
    responses: Responses, provider: ResponsesDouble, thread: str
) -> None:
    """Refused a few times, then taken: the message is there once."""
    provider.fail("locked", times=3)
    answer = await Turn(thread, "hello").answered(responses)
    stands_once(provider, thread, "hello", answer.text)
    assert len(provider.asked("responses.create")) == 5


async def test_an_earlier_attempt_is_still_alive(responses: Responses, provider: ResponsesDouble, thread: str) -> None:
    """A process died after its request; the next one gets `conversation_locked`, waits, and takes that answer."""
    provider.latency = 0.5
    turn = Turn(thread, "hello")
    await turn.step(responses)
    zombie = asyncio.create_task(responses.await_run(turn.request(), turn.runs[0]))
    await provider.until(lambda: len(provider.active) == 1)
    answer = await turn.answered(responses)
    await zombie
    stands_once(provider, thread, "hello", answer.text)
    assert len(provider.made) == 2


async def test_locked_for_ever(responses: Responses, provider: ResponsesDouble, thread: str) -> None:
    """The turn fails at the end of its patience, and nothing was put into the conversation."""
    provider.fail("locked", times=None)
    with pytest.raises(ReplyFailed) as failed:
        await Turn(thread, "hello", patience=0.5).answered(responses)
    assert failed.value.error_class in ("provider_error", "timeout")
    assert len(provider.conversations.all[thread].said()) == 2


@pytest.mark.parametrize("at", ["items.delete", "items.create"])
async def test_locked_while_it_is_put_in_order(
    responses: Responses, provider: ResponsesDouble, thread: str, at: str
) -> None:
    """The remains of lost turns cannot be removed or closed yet: recado tries again."""
    items = provider.conversations.all[thread].items
    items += provider.conversations.stored([{"role": "user", "content": "hello"}])
    if at == "items.create":
        call = {"type": "function_call", "call_id": "call_1", "name": "price", "arguments": "{}"}
        items[-1:] = provider.conversations.stored([call])
    provider.fail("locked", at=at, times=2)
    answer = await Turn(thread, "hello").answered(responses)
    stands_once(provider, thread, "hello", answer.text)
