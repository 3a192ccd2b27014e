"""Deleting a thread with its messages: https://platform.openai.com/docs/api-reference/threads/deleteThread"""

from __future__ import annotations

from collections.abc import Sequence

from backends.assistants.client import BETA
from backends.provider.client import Wire
from backends.provider.delete_threads import KeptThreads, delete


async def _delete_thread(wire: Wire, thread: str, _: Sequence[str]) -> None:
    await delete(wire, f"/threads/{thread}")


THREADS = KeptThreads(BETA, _delete_thread)
