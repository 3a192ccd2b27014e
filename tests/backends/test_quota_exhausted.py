"""429 and 402 for lack of money: waiting does not help."""

from __future__ import annotations

import pytest

from backends.chat_completions import ChatCompletions
from backends.protocol import ReplyFailed
from tests.backends.asking import asked
from tests.doubles.openai_server import OpenAIDouble


async def test_an_exhausted_quota_is_not_asked_again(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """insufficient_quota is told from a rate limit and fails at the first attempt."""
    double.fail("quota", times=None, headers={"retry-after": "1"})
    with pytest.raises(ReplyFailed, match="exceeded your current quota") as failed:
        await backend.reply(asked("hello"))
    assert failed.value.error_class == "quota_exhausted"
    assert len(double.requests) == 1
