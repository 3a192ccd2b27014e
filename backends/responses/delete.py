"""Deleting a conversation, its items and its responses.

The deletion of a conversation leaves its items, says https://platform.openai.com/docs/api-reference/conversations.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from backends.provider.client import Wire
from backends.provider.delete_threads import KeptThreads, delete, get

_PAGE = 100


class _Item(msgspec.Struct):
    id: str | None = None


class _Page(msgspec.Struct):
    data: list[_Item]


async def _delete_conversation(wire: Wire, conversation: str, responses: Sequence[str]) -> None:
    await _empty(wire, f"/conversations/{conversation}/items")
    for response in responses:
        await delete(wire, f"/responses/{response}")
    await delete(wire, f"/conversations/{conversation}")


async def _empty(wire: Wire, path: str) -> None:
    while (page := await get(wire, path, {"limit": _PAGE, "order": "asc"}, _Page)) is not None:
        items = [item.id for item in page.data if item.id is not None]
        if not items:
            return
        for item in items:
            await delete(wire, f"{path}/{item}")


CONVERSATIONS = KeptThreads({}, _delete_conversation)
