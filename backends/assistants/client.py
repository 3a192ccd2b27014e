"""Requests to a server of the Assistants API (v2), and their failures."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from functools import partial
from typing import TypeVar

import msgspec
import openai

from backends.provider.client import Wire
from backends.provider.key import ApiKey
from backends.provider.raw_post import Query
from backends.provider.retry import AttemptFailed

T = TypeVar("T")

_BUSY = re.compile(r"while a run .* is active|already has an active run", re.IGNORECASE | re.DOTALL)


class _File(msgspec.Struct):
    id: str


class NotThere(AttemptFailed):
    """404, or 403, with which some servers answer for an object of another key."""


class Busy(AttemptFailed):
    """A run locks the thread: the server did not take the request."""


class Refused(AttemptFailed):
    """400: the server will never take the request."""


BETA = {"OpenAI-Beta": "assistants=v2"}
"""Headers of every request."""


class ThreadsWire:
    """Sends requests, each within `within` seconds, and validates the answers.

    Every method raises AttemptFailed. A late request and an unreadable answer have a retryable class: the server may
    have acted, so the next try looks at its state first.
    """

    def __init__(self, api_key: ApiKey, base_url: str | None) -> None:
        self._wire = Wire(api_key, base_url, BETA)

    async def close(self) -> None:
        await self._wire.close()

    async def get(self, path: str, shape: type[T], within: float, query: Query | None = None) -> T:
        return await self._ask(self._wire.get(path, query, within=within), shape)

    async def post(self, path: str, body: Mapping[str, object], shape: type[T], within: float) -> T:
        return await self._ask(self._wire.post(path, body, within=within), shape)

    async def upload(self, file: tuple[str, bytes, str], expires: float, within: float) -> str:
        """The id of a picture (its name, bytes and type) for messages; the server keeps it for `expires` seconds."""
        fields = {
            "purpose": "vision",
            "expires_after[anchor]": "created_at",
            "expires_after[seconds]": str(int(expires)),
        }
        return (await self._ask(self._wire.post_form("/files", fields, file, within=within), _File)).id

    async def delete(self, path: str, shape: type[T], within: float) -> T:
        return await self._ask(self._wire.delete(path, within=within), shape)

    async def _ask(self, request: Awaitable[bytes], shape: type[T]) -> T:
        try:
            answer = await request
        except AttemptFailed as failure:
            raise _failure(failure) from failure.__cause__
        try:
            return self._wire.read(answer, shape)
        except AttemptFailed as failure:
            if failure.problem is not None:  # an error in an answer of 200
                raise
            raise AttemptFailed("provider_error", failure.detail) from failure


def _failure(failure: AttemptFailed) -> AttemptFailed:
    """`failure` as Busy, NotThere or Refused, if it is one of them."""
    error = failure.__cause__
    told = partial(_told, failure)
    if not isinstance(error, openai.APIStatusError):
        return AttemptFailed("provider_error", failure.detail) if failure.error_class == "malformed_answer" else failure
    if error.status_code in (400, 409) and _BUSY.search(error.message):
        return Busy("provider_error", failure.detail)
    if error.status_code in (403, 404):
        return told(NotThere)
    return told(Refused) if error.status_code == 400 else failure


def _told(failure: AttemptFailed, kind: type[AttemptFailed]) -> AttemptFailed:
    return kind(failure.error_class, failure.detail, failure.retry_after, problem=failure.problem)
