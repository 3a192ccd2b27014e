"""Requests to an OpenAI-compatible server: bytes out, checked structs back. Each API's module interprets failures."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from ssl import SSLContext
from typing import TypeVar

import aiohttp
import httpx2
import msgspec
import openai

from backends.protocol import no_answer
from backends.provider.errors import FAULTS, attempt_failed, redacted
from backends.provider.key import ApiKey, key_of
from backends.provider.problem import Problem, problem_within
from backends.provider.raw_post import Posts, Query
from backends.provider.retry import AttemptFailed
from backends.provider.told_wait import told_wait
from events.details import Detail

T = TypeVar("T")

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Exceptions of decoding an answer."""


class Wire:
    """One client, which connects at its first request.

    It repeats no request, since a repeated POST could act twice; only what was refused for its key goes once more, if
    there is another key by then. A request has no time-out but `within` (seconds): the
    caller knows the patience of its turn.

    - `api_key`: the key.
    - `base_url`: None is OpenAI's own.
    - `headers`: sent with every request.
    """

    def __init__(self, api_key: ApiKey, base_url: str | None, headers: Mapping[str, str] | None = None) -> None:
        self._key = key_of(api_key)
        tls = _tls()
        self._client = openai.AsyncOpenAI(
            api_key=self._key.value,
            base_url=base_url,
            max_retries=0,
            timeout=None,
            http_client=openai.DefaultAioHttpClient(verify=tls),
            default_headers=headers,
        )
        self._posts = Posts(self._client, tls)

    async def close(self) -> None:
        await self._posts.close()
        await self._client.close()

    async def get(self, path: str, query: Query | None = None, *, within: float | None = None) -> bytes:
        return await self._ask(lambda: self._posts.get(path, query or {}), within=within)

    async def post(
        self, path: str, body: object, *, headers: Mapping[str, str] | None = None, within: float | None = None
    ) -> bytes:
        """The body of the answer. Raises AttemptFailed, as `get` and `delete` do, with the client's error as its
        cause."""
        # `client.chat.completions.create()` and its like transform every message recursively: 3.9 ms of CPU at 20
        # messages and 6.2 at 40. Posting bytes that msgspec encoded costs 0.13 ms at any length, and skips the
        # library's lenient parsing, which lets `{}` and plain text through (decisions 10 and 91).
        try:
            content = msgspec.json.encode(body) if body is not None else None
        except UnicodeError as error:  # half a surrogate pair in a text
            raise _unsendable(error) from error
        return await self._ask(lambda: self._posts.post(path, content, headers), within=within)

    async def post_form(
        self, path: str, fields: Mapping[str, str], file: tuple[str, bytes, str], *, within: float | None = None
    ) -> bytes:
        """Post a multipart form with a `file` (name, bytes, MIME type). Raises AttemptFailed."""

        def post() -> Awaitable[bytes]:
            form = aiohttp.FormData(fields)  # it can be sent once
            name, content, type_ = file
            form.add_field("file", content, filename=name, content_type=type_)
            return self._posts.post_form(path, form)

        return await self._ask(post, within=within)

    async def delete(self, path: str, *, within: float | None = None) -> bytes:
        return await self._ask(lambda: self._posts.delete(path), within=within)

    def read(self, answer: bytes, shape: type[T]) -> T:
        """The `answer` as a struct of type `shape`. Raises AttemptFailed."""
        try:
            return msgspec.json.decode(answer, type=shape)
        except UNREADABLE as error:
            raise self.unread(answer, str(error)) from error

    def unread(self, answer: bytes, why: str) -> AttemptFailed:
        """The failure of an answer of 200 that holds nothing usable: of the class of the error in it, if it has one."""
        if (problem := problem_within(answer)) is not None:
            return self.refused(problem)
        start = redacted(answer[:100].decode(errors="replace"), self._key.value)
        return AttemptFailed("malformed_answer", Detail.ANSWER_BEGINS.said(fault=why, start=repr(start)))

    def refused(self, problem: Problem) -> AttemptFailed:
        """The failure for an error inside an answer of 200."""
        said = " ".join(word for word in (str(problem.status or ""), problem.code, problem.message) if word)
        detail = self.redacted(Detail.ERROR_IN_ANSWER.said(words=said))
        wait = told_wait(problem.message) if problem.error_class == "rate_limited" else None
        return AttemptFailed(problem.error_class, detail, wait, problem=problem)

    def redacted(self, text: str) -> str:
        """`text` fit for a log line."""
        return redacted(text, self._key.value)

    async def _ask(self, request: Callable[[], Awaitable[bytes]], *, within: float | None) -> bytes:
        try:
            async with asyncio.timeout(within):
                return await self._with_key(request)
        except TimeoutError as late:
            why = no_answer(within) if within is not None else Detail.TIMED_OUT.said()
            raise AttemptFailed("timeout", why) from late
        except FAULTS as error:
            raise attempt_failed(error, self._key.value) from error
        except UnicodeError as error:  # a key or a host that no header can carry
            raise _unsendable(error) from error

    async def _with_key(self, request: Callable[[], Awaitable[bytes]]) -> bytes:
        """The answer, asked for once more if the key was refused and there is another one."""
        used = self._client.api_key = self._key.value
        try:
            return await request()
        except (openai.AuthenticationError, openai.PermissionDeniedError):
            if not self._key.replaced(used):
                raise
        self._client.api_key = self._key.value
        return await request()


@cache
def _tls() -> SSLContext:
    """The TLS context of every client: one has 800 KB and takes 20 ms or more to make."""
    return httpx2.create_ssl_context()


def _unsendable(error: UnicodeError) -> AttemptFailed:
    return AttemptFailed("bad_request", Detail.NOT_ENCODED.said(error=error))


def count(tokens: object) -> int:
    """The number of tokens, bounded so that the log and SQLite can hold any number that a server sends; 0 for anything
    but a number."""
    if not isinstance(tokens, int | float) or not tokens >= 0:  # NaN is not at least 0
        return 0
    return int(min(tokens, 2**53))


def cached(details: object) -> int:
    """The number of cached tokens in a server's details about its input tokens; 0: it gives none."""
    return count(details.get("cached_tokens")) if isinstance(details, dict) else 0
