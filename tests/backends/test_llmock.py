"""A third party's provider, llmock of PyPI, and its verdict on a client.

The verdict covers every attempt and its timing. It fails a client that comes back before Retry-After, that retries a
hopeless request or that storms, and warns of a client that does not back off or does not retry a passing failure.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from llmock.pytest_plugin import LLMock

from backends.chat_completions import ChatCompletions
from backends.protocol import ErrorClass, ReplyFailed
from chat.context import Line
from tests.backends.asking import asked


@pytest.fixture
async def patient(llmock: LLMock) -> AsyncIterator[ChatCompletions]:
    """A backend that really waits."""
    made = ChatCompletions(api_key="sk-unused-000000", base_url=llmock.base_url(), model="gpt-4o-mini")
    yield made
    await made.close()


async def test_it_answers(patient: ChatCompletions, llmock: LLMock) -> None:
    """A plain turn: text, run and usage are read from a third party's server."""
    llmock.reply("Olá!")
    answer = await patient.reply(asked("hello", history=(Line("assistant", "hi"),)))
    assert answer.text == "Olá!"
    assert answer.run
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0


async def test_rate_limits_and_outages_are_waited_out(patient: ChatCompletions, llmock: LLMock) -> None:
    """Retry-After is honoured, then a 500 is backed off from, and the verdict finds nothing to warn of."""
    llmock.rate_limit(times=2, retry_after=0.2).fail(500)
    assert (await patient.reply(asked("hello"))).text
    assert [request.status for request in llmock.requests] == [429, 429, 500, 200]
    llmock.assert_resilient(strict=True)


@pytest.mark.parametrize(
    ("status", "code", "error_class"),
    [
        (400, None, "bad_request"),
        (401, None, "bad_key"),
        (403, None, "bad_key"),
        (404, "model_not_found", "unknown_model"),
        (422, None, "bad_request"),
        (429, "insufficient_quota", "quota_exhausted"),
    ],
)
async def test_hopeless_requests_are_sent_once(
    patient: ChatCompletions, llmock: LLMock, status: int, code: str | None, error_class: ErrorClass
) -> None:
    """No second attempt, and the class of each as that server words it."""
    llmock.fail(status, code=code, times=None)
    with pytest.raises(ReplyFailed) as failed:
        await patient.reply(asked("hello"))
    assert failed.value.error_class == error_class
    assert len(llmock.requests) == 1
    llmock.assert_resilient()


async def test_a_prompt_too_long_is_shortened(patient: ChatCompletions, llmock: LLMock) -> None:
    """Its context overflow is answered with half the history, and does not count as a retry of the same request."""
    llmock.context_overflow()
    assert (await patient.reply(asked("hello", history=(Line("user", "a"), Line("assistant", "b"))))).text
    assert [len(request.body["messages"]) for request in llmock.requests] == [3, 2]
    llmock.assert_resilient(strict=True)


async def test_a_delay_beyond_patience_is_a_timeout(patient: ChatCompletions, llmock: LLMock) -> None:
    """A slow provider does not block recado."""
    llmock.delay(3)
    with pytest.raises(ReplyFailed) as failed:
        await patient.reply(asked("hello", patience=0.1))
    assert failed.value.error_class == "timeout"
