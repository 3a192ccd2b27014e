"""401 and 403: the key is wrong, and must stay secret."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from backends.chat_completions import ChatCompletions
from backends.protocol import ReplyFailed
from tests.backends.asking import asked
from tests.doubles.openai_server import OpenAIDouble

KEY = "sk-proj-0000-very-secret-1111"


async def test_a_wrong_key_fails_at_once_and_stays_secret(double: OpenAIDouble) -> None:
    """One attempt, class bad_key, the provider's message in detail and log, and no trace of the key in either."""
    backend = ChatCompletions(api_key=KEY, base_url=double.base_url, model="small-1")
    with capture_logs() as lines, pytest.raises(ReplyFailed, match="Incorrect API key provided") as failed:
        await backend.reply(asked("hello"))
    await backend.close()
    assert failed.value.error_class == "bad_key"
    assert len(double.requests) == 1
    for shown in (str(failed.value), failed.value.detail, str(lines)):
        assert "secret" not in shown
        assert "sk-pr" not in shown
