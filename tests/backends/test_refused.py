"""The model, or a filter before or after it, refuses to answer."""

from __future__ import annotations

import pytest

from backends.chat_completions import ChatCompletions
from backends.protocol import ReplyFailed
from tests.backends.asking import asked
from tests.doubles.openai_server import OpenAIDouble


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        ("refusal", "I cannot assist with that"),
        ("content_filter", "content_filter"),
        ("flagged_prompt", "violating our usage policy"),
    ],
)
async def test_a_refusal_fails_at_once(backend: ChatCompletions, double: OpenAIDouble, fault: str, detail: str) -> None:
    """A refusal field, a filtered answer (even with half a text) and a flagged prompt are refused, in one attempt."""
    double.fail(fault, times=None)
    with pytest.raises(ReplyFailed, match=detail) as failed:
        await backend.reply(asked("hello"))
    assert failed.value.error_class == "refused"
    assert len(double.requests) == 1
