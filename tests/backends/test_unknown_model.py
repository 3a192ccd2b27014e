"""404 model_not_found."""

from __future__ import annotations

import pytest

from backends.chat_completions import ChatCompletions
from backends.protocol import ReplyFailed
from tests.backends.asking import asked
from tests.doubles.openai_server import OpenAIDouble


async def test_a_model_that_is_not_there_fails_at_once(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """One attempt, and the detail names the model."""
    double.models = ("large-1",)
    with pytest.raises(ReplyFailed, match="small-1") as failed:
        await backend.reply(asked("hello"))
    assert failed.value.error_class == "unknown_model"
    assert len(double.requests) == 1
