"""Requests to a server that speaks the Assistants API (v2), and what becomes of each."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import httpx2
import msgspec
import openai

from backends.provider_errors import FAULTS, attempt_failed, redacted
from backends.retry import AttemptFailed

T = TypeVar("T")

_BUSY = re.compile(r"while a run .* is active|already has an active run", re.IGNORECASE | re.DOTALL)


class NotThere(AttemptFailed):
    """404, or 403 as some servers answer for what belongs to another key."""


class Busy(AttemptFailed):
    """The thread is locked by a run: what was posted was not taken."""


class Refused(AttemptFailed):
    """400: it will not be taken, however often it is asked."""


class Wire:
    """Asks the server, and gives each request `within` seconds; what it answers is validated.

    AttemptFailed says what went wrong. A request that is only late, and an answer that is none, are of a class after
    which one looks again: what was posted may have been done.
    """

    def __init__(self, api_key: str, base_url: str | None) -> None:
        self._api_key = api_key
        # Retries and time-outs are ours, as in ChatCompletions; here a repeated POST would be a second message or run.
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,
            timeout=None,
            http_client=openai.DefaultAioHttpClient(),
            default_headers={"OpenAI-Beta": "assistants=v2"},
        )

    async def close(self) -> None:
        await self._client.close()

    async def get(self, path: str, shape: type[T], within: float, query: Mapping[str, object] | None = None) -> T:
        return await self._ask(
            lambda: self._client.get(path, options={"params": query or {}}, cast_to=httpx2.Response), shape, within
        )

    async def post(self, path: str, body: Mapping[str, object], shape: type[T], within: float) -> T:
        # Bytes and the raw response: see ChatCompletions.
        return await self._ask(
            lambda: self._client.post(path, content=msgspec.json.encode(body), cast_to=httpx2.Response), shape, within
        )

    async def delete(self, path: str, shape: type[T], within: float) -> T:
        return await self._ask(lambda: self._client.delete(path, cast_to=httpx2.Response), shape, within)

    async def _ask(self, send: Callable[[], Awaitable[httpx2.Response]], shape: type[T], within: float) -> T:
        try:
            async with asyncio.timeout(within):
                response = await send()
        except TimeoutError as late:
            raise AttemptFailed("timeout", f"no answer within {within:.3g} s") from late
        except FAULTS as error:
            raise _failure(error, attempt_failed(error, self._api_key)) from error
        except UnicodeError as error:
            raise AttemptFailed("bad_request", f"the request cannot be encoded: {error}") from error
        try:
            return msgspec.json.decode(response.content, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            start = redacted(response.content[:100].decode(errors="replace"), self._api_key)
            raise AttemptFailed("provider_error", f"{error}, in an answer that begins {start!r}") from error


def _failure(error: Exception, failure: AttemptFailed) -> AttemptFailed:
    """`failure`, by what is to be done about it where threads and runs are concerned."""
    told = failure.error_class, failure.detail, failure.retry_after
    if not isinstance(error, openai.APIStatusError):
        return failure if failure.error_class == "unreachable" else AttemptFailed("provider_error", failure.detail)
    if error.status_code in (400, 409) and _BUSY.search(error.message):
        return Busy("provider_error", failure.detail)
    if error.status_code in (403, 404):
        return NotThere(*told)
    return Refused(*told) if error.status_code == 400 else failure
