"""The remains of a turn with another ending: the next turn can use the conversation all the same."""

from __future__ import annotations

import pytest

from backends.responses.backend import Responses
from backends.responses.post_once import UNANSWERED
from tests.backends.responses.test_asked_once import stands_once
from tests.backends.responses.turns import Turn
from tests.doubles.openai_responses import ResponsesDouble


async def open_call(responses: Responses, thread: str) -> None:
    """A turn that asked for tools and was abandoned."""
    turn = Turn(thread, "!call price 1\n!call price 2", turn="given-up")
    while not turn.calls:
        await turn.step(responses)


async def test_calls_left_open_are_closed(responses: Responses, provider: ResponsesDouble, thread: str) -> None:
    """Each gets an output that says that the result is unknown; then the next message is answered."""
    await open_call(responses, thread)
    assert (await Turn(thread, "hello", turn="turn-2").answered(responses)).text == "reply to: hello"
    items = provider.conversations.all[thread].items
    assert [item["output"] for item in items if item["type"] == "function_call_output"] == [UNANSWERED] * 2


async def test_calls_left_open_long_ago_are_closed(
    responses: Responses, provider: ResponsesDouble, thread: str
) -> None:
    """They are too far back to be seen: the provider names them one by one."""
    await open_call(responses, thread)
    items = provider.conversations.all[thread].items
    items += provider.conversations.stored({"role": "user", "content": f"seed {n}"} for n in range(60))
    assert (await Turn(thread, "hello", turn="turn-2").answered(responses)).text == "reply to: hello"


@pytest.mark.parametrize("repeated", ["hello", "something else"])
async def test_a_message_left_without_an_answer(
    responses: Responses, provider: ResponsesDouble, thread: str, repeated: str
) -> None:
    """The same message again, by a retry, is there once; another one comes after it."""
    items = provider.conversations.all[thread].items
    items += provider.conversations.stored([{"role": "user", "content": "hello"}])
    answer = await Turn(thread, repeated).answered(responses)
    said = provider.conversations.all[thread].said()
    assert said.count(("user", "hello")) == 1
    assert said[-2:] == [("user", repeated), ("assistant", answer.text)]


async def test_an_answer_that_came_too_late_is_no_answer_to_the_next(
    responses: Responses, provider: ResponsesDouble, thread: str
) -> None:
    """An earlier turn's response completes after the noted place: it is not taken for this turn's."""
    turn = Turn(thread, "hello")
    await turn.step(responses)
    conversation = provider.conversations.all[thread]
    conversation.items += provider.conversations.stored(
        [{"role": "user", "content": "earlier"}, {"role": "assistant", "content": "late"}]
    )
    provider.fail("lost")
    answer = await turn.answered(responses)
    stands_once(provider, thread, "hello", answer.text)
    assert answer.text == "reply to: hello"
