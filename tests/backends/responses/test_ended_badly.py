"""Failures of a response that another attempt would meet again: the turn fails, each by its class."""

from __future__ import annotations

import pytest

from backends.protocol import ReplyFailed
from backends.responses.backend import Responses
from tests.backends.responses.turns import Turn
from tests.doubles.openai_responses import ResponsesDouble


@pytest.mark.parametrize(
    ("fate", "error_class"),
    [
        (("incomplete", "content_filter"), "refused"),
        (("failed", "invalid_prompt"), "refused"),
        (("failed", "bio_policy"), "refused"),
        (("failed", "insufficient_quota"), "quota_exhausted"),
        (("failed", "context_length_exceeded"), "context_too_long"),
        (("refusal", None), "refused"),
    ],
)
async def test_the_turn_fails_at_once(
    responses: Responses, provider: ResponsesDouble, thread: str, fate: tuple[str, str | None], error_class: str
) -> None:
    """One response was made, and the chat goes on after it."""
    provider.fail(fate[0], code=fate[1])
    with pytest.raises(ReplyFailed) as failed:
        await Turn(thread, "hello").answered(responses)
    assert failed.value.error_class == error_class
    assert failed.value.detail
    assert len(provider.asked("responses.create")) == 2
    assert (await Turn(thread, "and now?", turn="turn-2").answered(responses)).text == "reply to: and now?"


async def test_half_an_answer_is_better_than_none(responses: Responses, provider: ResponsesDouble, thread: str) -> None:
    """Cut short at the largest number of tokens, the text so far is the reply."""
    provider.fail("incomplete", code="max_output_tokens")
    answer = await Turn(thread, "hello").answered(responses)
    assert (answer.text, answer.length) == ("reply to: hello", "cut")


async def test_an_empty_response_is_asked_for_once_more(
    responses: Responses, provider: ResponsesDouble, thread: str
) -> None:
    """Its items are taken out of the conversation; a second empty one fails the turn."""
    provider.fail("blank")
    assert (await Turn(thread, "hello").answered(responses)).text == "reply to: hello"
    provider.fail("blank", times=2)
    with pytest.raises(ReplyFailed) as failed:
        await Turn(thread, "and now?", turn="turn-2").answered(responses)
    assert failed.value.error_class == "malformed_answer"
    assert len(provider.asked("responses.create")) == 5


async def test_an_empty_response_will_do_where_tools_have_given_parts(
    responses: Responses, provider: ResponsesDouble, thread: str
) -> None:
    """One response was made; half a call is no answer all the same."""
    provider.fail("blank")
    assert (await Turn(thread, "hello", may_be_silent=True).answered(responses)).text == ""
    assert len(provider.asked("responses.create")) == 2
    provider.fail("incomplete", code="max_output_tokens")
    with pytest.raises(ReplyFailed, match="incomplete: max_output_tokens"):
        await Turn(thread, "!call price 1", turn="turn-2", may_be_silent=True).answered(responses)


async def test_half_a_call_is_no_answer(responses: Responses, provider: ResponsesDouble, thread: str) -> None:
    """Cut short in a function call, the turn fails; the open call is closed, and the chat goes on."""
    provider.fail("incomplete", code="max_output_tokens")
    with pytest.raises(ReplyFailed, match="incomplete: max_output_tokens") as failed:
        await Turn(thread, "!call price 1").answered(responses)
    assert failed.value.error_class == "malformed_answer"
    assert (await Turn(thread, "and now?", turn="turn-2").answered(responses)).text == "reply to: and now?"


@pytest.mark.parametrize(
    ("fault", "error_class"),
    [
        ({"status": 401, "message": "Incorrect API key provided", "code": "invalid_api_key"}, "bad_key"),
        ({"status": 404, "message": "The model `x` does not exist", "code": "model_not_found"}, "unknown_model"),
        ({"status": 429, "message": "You exceeded your quota", "code": "insufficient_quota"}, "quota_exhausted"),
        ({"status": 400, "message": "Invalid value for 'input'"}, "bad_request"),
        ({"status": 400, "message": "too long", "code": "context_length_exceeded"}, "context_too_long"),
    ],
)
async def test_a_refused_request_fails_by_its_class(
    responses: Responses, provider: ResponsesDouble, thread: str, fault: dict[str, object], error_class: str
) -> None:
    """Refused before a response was made: asked once."""
    provider.fail("error", **fault)
    with pytest.raises(ReplyFailed) as failed:
        await Turn(thread, "hello").answered(responses)
    assert failed.value.error_class == error_class
    assert len(provider.asked("responses.create")) == 2
