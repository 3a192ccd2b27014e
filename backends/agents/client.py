"""Requests to a server of the Agents API (beta, `agents=v1`), and their failures."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TypeVar

import openai

from backends.provider.client import Wire
from backends.provider.key import ApiKey
from backends.provider.raw_post import Query
from backends.provider.retry import RETRYABLE, AttemptFailed

T = TypeVar("T")


class NotThere(AttemptFailed):
    """404, or 403 for an object of another project."""


BETA = {"OpenAI-Beta": "agents=v1"}
"""Headers of every request."""


class SessionsWire:
    """Sends requests, each within `within` seconds, and validates the answers.

    Every method raises AttemptFailed. The failure is `in_doubt` if the server may have acted: then `persist` tries
    again, and the next try looks at the server's state first.
    """

    def __init__(self, api_key: ApiKey, base_url: str | None) -> None:
        self._wire = Wire(api_key, base_url, BETA)

    async def close(self) -> None:
        await self._wire.close()

    async def get(self, path: str, shape: type[T], within: float, query: Query | None = None) -> T:
        return self._read(await self._ask(self._wire.get(path, query, within=within)), shape)

    async def post(self, path: str, body: Mapping[str, object], shape: type[T], within: float) -> T:
        return self._read(await self._ask(self._wire.post(path, body, within=within)), shape)

    async def tell(self, path: str, body: Mapping[str, object], within: float, key: str | None = None) -> None:
        """A POST that the server only accepts (202), without content. Two with the same `key` count as one."""
        headers = {} if key is None else {"Idempotency-Key": key}
        await self._ask(self._wire.post(path, body, headers=headers, within=within))

    async def _ask(self, request: Awaitable[bytes]) -> bytes:
        try:
            return await request
        except AttemptFailed as failure:
            error = failure.__cause__
            if isinstance(error, UnicodeError | TimeoutError):
                raise
            if not isinstance(error, openai.APIStatusError):
                failure.in_doubt = True
            elif error.status_code in (403, 404) and failure.error_class != "unknown_model":
                raise NotThere(failure.error_class, failure.detail) from error
            raise

    def _read(self, answer: bytes, shape: type[T]) -> T:
        try:
            return self._wire.read(answer, shape)
        except AttemptFailed as failure:
            failure.in_doubt = failure.problem is None or failure.error_class in RETRYABLE
            raise
