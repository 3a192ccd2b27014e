"""`recado ask` in responses mode: a question in a conversation of its own."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from backends.one_question import ask
from backends.protocol import ReplyFailed
from backends.responses.backend import Responses
from tests.backends.asking import asked
from tests.backends.responses.turns import PRICE
from tests.doubles.openai_responses import ResponsesDouble


async def test_a_question_is_answered_in_a_fresh_conversation(responses: Responses, provider: ResponsesDouble) -> None:
    """Each question has its own, and no tool is offered."""
    for _ in range(2):
        assert (await ask(responses, replace(asked("hello"), tools=(PRICE,)))).text == "reply to: hello"
    assert [one.said()[0] for one in provider.conversations.all.values()] == [("user", "hello")] * 2
    assert all("tools" not in request.body for request in provider.asked("responses.create"))


async def test_a_question_whose_response_is_lost_fails(responses: Responses, provider: ResponsesDouble) -> None:
    """No other attempt is made: the error names the cause."""
    provider.fail("failed")
    with pytest.raises(ReplyFailed, match="Something went wrong") as failed:
        await ask(responses, asked("hello"))
    assert failed.value.error_class == "run_failed"
