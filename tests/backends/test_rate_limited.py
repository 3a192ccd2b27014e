"""429: the provider asks to come back later."""

from __future__ import annotations

from email.utils import formatdate
from time import time

import pytest
from structlog.testing import capture_logs

from backends.chat_completions import ChatCompletions
from backends.protocol import ReplyFailed
from tests.backends.asking import Naps, asked
from tests.doubles.openai_server import OpenAIDouble


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": formatdate(time() + 3600, usegmt=True), "date": formatdate(time() + 3591, usegmt=True)}, 9.0),
        ({}, 0.42),  # the double says so in words
        ({"retry-after": "soon"}, 0.42),
    ],
)
async def test_it_comes_back_when_told(
    backend: ChatCompletions, double: OpenAIDouble, naps: Naps, headers: dict[str, str], seconds: float
) -> None:
    """The wait is never shorter than Retry-After in any of its forms, else than the error's words say, and never much
    longer; then the reply is had."""
    double.fail("rate_limit", headers=headers)
    answer = await backend.reply(asked("hello"))
    assert answer.text == "reply to: hello"
    assert [request.outcome for request in double.requests] == ["429", "200"]
    assert len(naps.taken) == 1
    assert seconds + 0.25 <= naps.taken[0] <= seconds + 0.5


async def test_a_wait_beyond_patience_is_not_begun(backend: ChatCompletions, double: OpenAIDouble, naps: Naps) -> None:
    """Told to come back after the turn's patience, it fails at once, so that the user is told at once."""
    double.fail("rate_limit", headers={"retry-after": "300"})
    with pytest.raises(ReplyFailed, match="Rate limit reached") as failed:
        await backend.reply(asked("hello", patience=120))
    assert failed.value.error_class == "rate_limited"
    assert len(double.requests) == 1
    assert naps.taken == []


async def test_each_failed_attempt_is_logged(backend: ChatCompletions, double: OpenAIDouble) -> None:
    """A log line per attempt has the turn, the attempt, the provider's message, and the wait."""
    double.fail("rate_limit", times=2, headers={"retry-after": "1"})
    with capture_logs() as lines:
        await backend.reply(asked("hello"))
    assert [(line["turn"], line["attempt"], line["error_class"]) for line in lines] == [
        ("turn-1", 1, "rate_limited"),
        ("turn-1", 2, "rate_limited"),
    ]
    assert all("Rate limit reached for small-1" in line["detail"] and line["wait"] > 1 for line in lines)
