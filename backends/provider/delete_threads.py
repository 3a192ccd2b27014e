"""Deletes threads at the provider, through the APIs in which they were held."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import openai

from backends.protocol import CannotForget
from backends.provider.client import Wire
from backends.provider.key import ApiKey
from backends.provider.raw_post import Query
from backends.provider.retry import RETRYABLE, AttemptFailed

T = TypeVar("T")

WITHIN = 30.0
"""Seconds for each request."""


class KeptThreads(NamedTuple):
    """An API that keeps threads.

    - `headers`: sent with each of its requests
    - `delete`: deletes a thread and its runs; a thread that is gone already is no error. Raises AttemptFailed,
      CannotForget
    """

    headers: Mapping[str, str]
    delete: Callable[[Wire, str, Sequence[str]], Awaitable[None]]


class ProviderThreads:
    """The threads of every backend in `kept` at one provider, including backends that are not in use any more."""

    def __init__(self, api_key: ApiKey, base_url: str | None, kept: Mapping[str, KeptThreads]) -> None:
        self._kept = kept
        self._server = api_key, base_url
        self._wires: dict[str, Wire] = {}

    async def close(self) -> None:
        for wire in self._wires.values():
            await wire.close()

    def keeps(self, backend: str) -> bool:
        return backend in self._kept

    async def forget(self, backend: str, thread: str, runs: Sequence[str]) -> None:
        wire = self._wires.get(backend)
        if wire is None:
            wire = self._wires[backend] = Wire(*self._server, self._kept[backend].headers)
        await self._kept[backend].delete(wire, thread, runs)


async def get(wire: Wire, path: str, query: Query, shape: type[T]) -> T | None:
    """The answer; None if there is no such thing any more. Raises AttemptFailed, CannotForget, as `delete` does."""
    try:
        return wire.read(await wire.get(path, query, within=WITHIN), shape)
    except AttemptFailed as failure:
        if _is_gone(failure):
            return None
        raise _as_final(failure) from failure


async def delete(wire: Wire, path: str) -> None:
    """Delete what `path` names, unless it is gone already."""
    try:
        await wire.delete(path, within=WITHIN)
    except AttemptFailed as failure:
        if not _is_gone(failure):
            raise _as_final(failure) from failure


def _is_gone(failure: AttemptFailed) -> bool:
    return isinstance(failure.__cause__, openai.APIStatusError) and failure.__cause__.status_code == 404


def _as_final(failure: AttemptFailed) -> Exception:
    """`failure` itself if it may pass; CannotForget if the provider will always refuse."""
    return failure if failure.error_class in RETRYABLE else CannotForget(failure.detail)
