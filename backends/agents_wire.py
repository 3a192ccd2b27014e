"""Requests to a server that speaks the Agents API (beta, `agents=v1`), and what becomes of each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import httpx2
import msgspec
import openai

from backends.provider_errors import FAULTS, attempt_failed, redacted
from backends.retry import AttemptFailed

T = TypeVar("T")


class NotThere(AttemptFailed):
    """404, or 403 for what belongs to another project."""


class Wire:
    """Asks the server, and gives each request `within` seconds; what it answers is validated.

    AttemptFailed says what went wrong. Where nobody knows whether the server acted, the failure is such that `persist`
    tries again, and whoever tries looks first.
    """

    def __init__(self, api_key: str, base_url: str | None) -> None:
        self._api_key = api_key
        # Retries and time-outs are ours, as in ChatCompletions; here a repeated POST could be a second message.
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,
            timeout=None,
            http_client=openai.DefaultAioHttpClient(),
            default_headers={"OpenAI-Beta": "agents=v1"},
        )

    async def close(self) -> None:
        await self._client.close()

    async def get(self, path: str, shape: type[T], within: float, query: Mapping[str, object] | None = None) -> T:
        answer = await self._ask(
            lambda: self._client.get(path, options={"params": query or {}}, cast_to=httpx2.Response), within
        )
        return self._read(answer, shape)

    async def post(self, path: str, body: Mapping[str, object], shape: type[T], within: float) -> T:
        return self._read(await self._send(path, body, within, {}), shape)

    async def tell(self, path: str, body: Mapping[str, object], within: float, key: str | None = None) -> None:
        """A POST that is only accepted (202): there is nothing to be read. Twice with the same `key` is once."""
        await self._send(path, body, within, {} if key is None else {"Idempotency-Key": key})

    async def _send(
        self, path: str, body: Mapping[str, object], within: float, headers: Mapping[str, str]
    ) -> httpx2.Response:
        # Bytes and the raw response: see ChatCompletions.
        return await self._ask(
            lambda: self._client.post(
                path, content=msgspec.json.encode(body), options={"headers": headers}, cast_to=httpx2.Response
            ),
            within,
        )

    async def _ask(self, send: Callable[[], Awaitable[httpx2.Response]], within: float) -> httpx2.Response:
        try:
            async with asyncio.timeout(within):
                return await send()
        except TimeoutError as late:
            raise AttemptFailed("timeout", f"no answer within {within:.3g} s") from late
        except FAULTS as error:
            failure = attempt_failed(error, self._api_key)
            if not isinstance(error, openai.APIStatusError):
                failure.in_doubt = True
            elif error.status_code in (403, 404) and failure.error_class != "unknown_model":
                raise NotThere(failure.error_class, failure.detail) from error
            raise failure from error
        except UnicodeError as error:  # half a surrogate pair in a text, a key or a host that no header can carry
            raise AttemptFailed("bad_request", f"the request cannot be encoded: {error}") from error

    def _read(self, answer: httpx2.Response, shape: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.content, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            start = redacted(answer.content[:100].decode(errors="replace"), self._api_key)
            detail = f"{error}, in an answer that begins {start!r}"
            raise AttemptFailed("malformed_answer", detail, in_doubt=True) from error
