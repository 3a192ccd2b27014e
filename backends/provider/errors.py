"""Errors of an OpenAI-compatible provider, translated into recado's error classes."""

from __future__ import annotations

import re

import aiohttp
import openai

from backends.protocol import ErrorClass
from backends.provider.retry import AttemptFailed, retry_after

FAULTS = (openai.APIError, aiohttp.ClientError)
"""Exceptions of a call: for an answer that is not HTTP, the aiohttp transport raises aiohttp's own error."""

# At OpenAI error.type is insufficient_quota for all of these, but its docs advise to use error.code.
_QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)
# content_filter is Azure's code; with invalid_prompt reasoning models reject a prompt against the usage policy.
_REFUSAL_CODES = frozenset({"content_filter", "content_policy_violation", "invalid_prompt"})

_DETAIL_LENGTH = 500
_KEY = re.compile(r"\bsk-[\w*-]{4,}")
_PHONE_NUMBER = re.compile(r"\d{6,}(?=\d{4}(?!\d))")


def attempt_failed(error: openai.APIError | aiohttp.ClientError, api_key: str) -> AttemptFailed:
    """The failure for `error`; its detail never contains `api_key`."""
    if isinstance(error, openai.APIStatusError):
        detail = redacted(_message(error), api_key)
        return AttemptFailed(_status_class(error), detail, retry_after(error.response.headers))
    if isinstance(error, openai.APIConnectionError):
        # This includes APITimeoutError: no transport time-out is ever set, and the aiohttp transport reports refused
        # and dropped connections as time-outs (it maps aiohttp's ClientConnectionError to ConnectTimeout).
        cause = error.__cause__
        return AttemptFailed("unreachable", redacted(str(cause) or type(cause).__name__, api_key))
    if isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError | aiohttp.InvalidURL):
        return AttemptFailed("unreachable", redacted(str(error) or type(error).__name__, api_key))
    return AttemptFailed("malformed_answer", redacted(str(error) or type(error).__name__, api_key))


def redacted(text: str, api_key: str) -> str:
    """`text` on one line, fit for a log: no API key, no whole phone number, at most 500 characters."""
    if api_key:
        text = text.replace(api_key, "[key]")
    text = _PHONE_NUMBER.sub("…", _KEY.sub("[key]", " ".join(text.split())))
    return text if len(text) <= _DETAIL_LENGTH else text[: _DETAIL_LENGTH - 1] + "…"


def _message(error: openai.APIStatusError) -> str:
    # The library's text holds the provider's message only if the body has OpenAI's shape.
    bare = error.message == f"Error code: {error.status_code}"
    return f"{error.message} - {error.response.text}" if bare else error.message


def _status_class(error: openai.APIStatusError) -> ErrorClass:
    status, code, message = error.status_code, error.code, error.message.lower()
    if status == 402 or code in _QUOTA_CODES or error.type == "insufficient_quota":
        return "quota_exhausted"
    if status == 429:
        return "rate_limited"
    # llama.cpp gives the type, vLLM gives only the message, and a proxy in front of a server answers 413.
    if code == "context_length_exceeded" or error.type == "exceed_context_size_error" or status == 413:
        return "context_too_long"
    if status == 400 and "context length" in message:
        return "context_too_long"
    if status in (408, 409) or status >= 500:
        return "provider_error"
    if code == "model_not_found" or (status == 404 and "model" in message):
        return "unknown_model"
    if status in (401, 403):
        return "bad_key"
    if code in _REFUSAL_CODES:
        return "refused"
    return "bad_request"
