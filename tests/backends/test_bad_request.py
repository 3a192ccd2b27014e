"""Errors that another attempt cannot mend."""

from __future__ import annotations

from typing import get_args

import openai
import pytest
from httpx2 import Request, Response
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.chat_completions import ChatCompletions
from backends.protocol import ErrorClass, ReplyFailed
from backends.provider.errors import attempt_failed, redacted
from tests.backends.asking import asked
from tests.doubles.openai_server import OpenAIDouble


async def test_a_wrong_address_says_so(double: OpenAIDouble) -> None:
    """A base URL without /v1 fails in one attempt with the server's message."""
    backend = ChatCompletions(api_key=double.api_key, base_url=double.base_url.removesuffix("/v1"), model="small-1")
    with pytest.raises(ReplyFailed, match=r"Invalid URL \(POST /chat/completions\)") as failed:
        await backend.reply(asked("hello"))
    await backend.close()
    assert failed.value.error_class == "bad_request"


@pytest.mark.parametrize(("key", "text"), [("ключ", "hello"), ("sk-unused-000000", "half a \ud83d pair")])
async def test_unencodable_text_is_a_failed_turn(double: OpenAIDouble, key: str, text: str) -> None:
    """A key that is not ASCII and a text that is not Unicode end as ReplyFailed like everything else, and are not
    sent."""
    backend = ChatCompletions(api_key=key, base_url=double.base_url, model="small-1")
    with pytest.raises(ReplyFailed, match="cannot be encoded") as failed:
        await backend.reply(asked(text))
    await backend.close()
    assert failed.value.error_class == "bad_request"
    assert double.requests == []


CLIENT = openai.AsyncOpenAI(api_key="sk-unused-000000", http_client=openai.DefaultAioHttpClient())


def status_error(status: int, text: str) -> openai.APIStatusError:
    request = Request("POST", "http://127.0.0.1/v1/chat/completions")
    return CLIENT._make_status_error_from_response(Response(status, text=text, request=request))


@pytest.mark.parametrize(
    ("status", "body", "error_class"),
    [
        (400, '{"error": {"message": "Invalid value", "type": "invalid_request_error"}}', "bad_request"),
        (422, '{"detail": [{"msg": "field required"}]}', "bad_request"),
        (403, '{"error": {"message": "Country, region, or territory not supported"}}', "bad_key"),
        (403, '{"error": {"message": "no access to model x", "code": "model_not_found"}}', "unknown_model"),
        (404, '{"error": {"message": "model \\"x\\" not found, try pulling it first"}}', "unknown_model"),
        (402, '{"error": {"message": "Insufficient Balance"}}', "quota_exhausted"),
        (429, '{"error": {"message": "no credit", "code": "credit_balance_exhausted"}}', "quota_exhausted"),
        (429, "slow down", "rate_limited"),
        (
            400,
            '{"object": "error", "message": "maximum context length is 2048 tokens", "code": 400}',
            "context_too_long",
        ),
        (413, "<html>Request Entity Too Large</html>", "context_too_long"),
        (400, '{"error": {"message": "filtered", "code": "content_filter"}}', "refused"),
        (502, "<html>\n  <h1>Bad Gateway</h1>\n</html>", "provider_error"),
        (599, "", "provider_error"),
    ],
)
def test_errors_of_servers_have_a_class(status: int, body: str, error_class: ErrorClass) -> None:
    """Errors as OpenAI, Azure, vLLM, Ollama, DeepSeek and proxies word them, each with its words in the detail."""
    failure = attempt_failed(status_error(status, body), "sk-unused-000000")
    assert failure.error_class == error_class
    assert str(status) in failure.detail
    assert "\n" not in failure.detail


@settings(deadline=None)
@given(status=st.integers(400, 599), body=st.text() | st.just('{"error": {"message": "\\n", "code": []}}'))
def test_any_error_answer_has_a_class(status: int, body: str) -> None:
    """No status and no body escapes as anything but a failed attempt with one line of detail."""
    failure = attempt_failed(status_error(status, body), "sk-unused-000000")
    assert failure.error_class in get_args(ErrorClass)
    assert len(failure.detail.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key my-own-word refused", "key [key] refused"),
        ("sk-proj-abcd********wxyz is wrong", "[key] is wrong"),
        ("to 5511999998888 now", "to …8888 now"),
        ("limit 150000000, used 3", "limit 150000000, used 3"),
        ("two\n  lines", "two lines"),
        ("x" * 600, "x" * 499 + "…"),
    ],
)
def test_details_are_fit_for_a_log(text: str, shown: str) -> None:
    """Keys and whole phone numbers never show; long texts are cut and stay on one line."""
    assert redacted(text, "my-own-word") == shown
