"""Errors of an OpenAI-compatible provider, translated into recado's error classes."""

from __future__ import annotations

import re

import aiohttp
import openai

from backends.provider.problem import problem_of
from backends.provider.retry import AttemptFailed, retry_after
from backends.provider.secret_length import SHORTEST_SECRET
from backends.provider.told_wait import told_wait

FAULTS = (openai.APIError, aiohttp.ClientError)
"""Exceptions of a call: for an answer that is not HTTP, the aiohttp transport raises aiohttp's own error."""

_DETAIL_LENGTH = 500
_KEY = re.compile(r"\bsk-[\w*-]{4,}")
_PHONE_NUMBER = re.compile(r"\d{6,}(?=\d{4}(?!\d))")


def attempt_failed(error: openai.APIError | aiohttp.ClientError, api_key: str) -> AttemptFailed:
    """The failure for `error`; its detail never contains `api_key`."""
    if isinstance(error, openai.APIStatusError):
        problem = problem_of(error.status_code, error.response.content)
        detail = redacted(_message(error), api_key)
        wait = retry_after(error.response.headers)
        if wait is None and problem.error_class == "rate_limited":
            wait = told_wait(error.response.text)
        return AttemptFailed(problem.error_class, detail, wait, problem=problem)
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
    if len(api_key) >= SHORTEST_SECRET:
        text = text.replace(api_key, "[key]")
    text = _PHONE_NUMBER.sub("…", _KEY.sub("[key]", " ".join(text.split())))
    return text if len(text) <= _DETAIL_LENGTH else text[: _DETAIL_LENGTH - 1] + "…"


def _message(error: openai.APIStatusError) -> str:
    # The library's text holds the provider's message only if the body has OpenAI's shape.
    bare = error.message == f"Error code: {error.status_code}"
    return f"{error.message} - {error.response.text}" if bare else error.message
