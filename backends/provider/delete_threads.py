"""Deletes a conversation at the provider, through the API in which it was held."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import openai

from backends.protocol import CannotForget
from backends.provider.client import Wire
from backends.provider.raw_post import Query
from backends.provider.retry import RETRYABLE, AttemptFailed

WITHIN = 30.0
"""Seconds for each request."""

_PAGE = 100


class _Item(msgspec.Struct):
    id: str | None = None


class _Page(msgspec.Struct):
    data: list[_Item]


class ProviderThreads:
    """The threads of every backend at one provider, including backends that are not in use any more.

    - `responses`: DELETE of each item (by the API reference, a conversation's deletion leaves them), of each stored
      response, then of the conversation: platform.openai.com/docs/api-reference/conversations
    - `assistants`: DELETE /threads/{id}, with its messages: …/docs/api-reference/threads/deleteThread
    - `agents`: DELETE /agents/sessions/{id}: …/docs/guides/agents-api/sessions/manage
    """

    def __init__(self, api_key: str, base_url: str | None) -> None:
        self._wires = {
            "responses": Wire(api_key, base_url),
            "assistants": Wire(api_key, base_url, {"OpenAI-Beta": "assistants=v2"}),
            "agents": Wire(api_key, base_url, {"OpenAI-Beta": "agents=v1"}),
        }

    async def close(self) -> None:
        for wire in self._wires.values():
            await wire.close()

    def keeps(self, backend: str) -> bool:
        return backend in self._wires

    async def forget(self, backend: str, thread: str, runs: Sequence[str]) -> None:
        wire = self._wires[backend]
        if backend == "responses":
            await self._empty(wire, thread)
            for run in runs:
                await _delete(wire, f"/responses/{run}")
            await _delete(wire, f"/conversations/{thread}")
        else:
            await _delete(wire, f"/threads/{thread}" if backend == "assistants" else f"/agents/sessions/{thread}")

    async def _empty(self, wire: Wire, conversation: str) -> None:
        path = f"/conversations/{conversation}/items"
        query: Query = {"limit": _PAGE, "order": "asc"}
        while True:
            try:
                page = wire.read(await wire.get(path, query, within=WITHIN), _Page)
            except AttemptFailed as failure:
                if _is_gone(failure):
                    return
                raise _as_final(failure) from failure
            items = [item.id for item in page.data if item.id is not None]
            if not items:
                return
            for item in items:
                await _delete(wire, f"{path}/{item}")


async def _delete(wire: Wire, path: str) -> None:
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
