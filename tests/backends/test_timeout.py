"""No answer in time."""

from __future__ import annotations

import pytest

from backends.chat_completions import ChatCompletions
from backends.protocol import ReplyFailed
from tests.backends.asking import asked
from tests.doubles.openai_server import OpenAIDouble


async def test_an_attempt_may_take_what_is_left(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """A provider that never answers is `timeout` when patience ends, and is asked once, since no time is left.
    The words tell the time that was left when it was asked, which a busy machine makes shorter."""
    double.fail("hang")
    with pytest.raises(ReplyFailed, match=r"no answer within (1|0\.\d) s") as failed:
        await backend.reply(asked("hello", patience=1))
    assert failed.value.error_class == "timeout"
    assert len(double.requests) == 1


async def test_the_last_class_is_reported(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """The first attempt is refused, the second hangs: the class is timeout."""
    double.fail("rate_limit")
    double.fail("hang")
    with pytest.raises(ReplyFailed) as failed:
        await backend.reply(asked("hello", patience=3))
    assert failed.value.error_class == "timeout"
    assert [request.fault for request in double.requests] == ["rate_limit", "hang"]


async def test_a_slow_answer_within_patience_is_the_answer(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """A slow answer is no failure."""
    double.latency = 0.2
    assert (await backend.reply(asked("hello", patience=30))).text == "reply to: hello"
