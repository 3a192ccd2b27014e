"""Requests to a server of the Agents API (beta, `agents=v1`), and their failures."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TypeVar

import openai

from backends.provider.client import Wire
from backends.provider.raw_post import Query
from backends.provider.retry import AttemptFailed

T = TypeVar("T")


class NotThere(AttemptFailed):
    """404, or 403 for what belongs to another project."""


class SessionsWire:
    """Asks the server, and gives each request `within` seconds; what it answers is validated.

    AttemptFailed says what went wrong. Where nobody knows whether the server acted, the failure is such that `persist`
    tries again, and whoever tries looks first.
    """

    def __init__(self, api_key: str, base_url: str | None) -> None:
        self._wire = Wire(api_key, base_url, {"OpenAI-Beta": "agents=v1"})

    async def close(self) -> None:
        await self._wire.close()

    async def get(self, path: str, shape: type[T], within: float, query: Query | None = None) -> T:
        return self._read(await self._ask(self._wire.get(path, query, within=within)), shape)

    async def post(self, path: str, body: Mapping[str, object], shape: type[T], within: float) -> T:
        return self._read(await self._ask(self._wire.post(path, body, within=within)), shape)

    async def tell(self, path: str, body: Mapping[str, object], within: float, key: str | None = None) -> None:
        """A POST that is only accepted (202): there is nothing to be read. Twice with the same `key` is once."""
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
            failure.in_doubt = True
            raise
