"""What waits for news of names ends when it is cancelled, also as the news comes."""

from __future__ import annotations

import asyncio

import pytest

from events.memory_log import MemoryLog
from gateways.names.names import Names


async def no() -> bool:
    return False


@pytest.mark.parametrize("steps", range(5))
async def test_cancelled_as_the_news_comes(steps: int) -> None:
    """At whichever step of the loop: a cancellation that is swallowed leaves an instance that never stops."""
    names = Names(MemoryLog(), None, may_join=no)  # type: ignore[arg-type]
    ordering = asyncio.create_task(names.order_joins(lambda _: True))
    for _ in range(5):
        await asyncio.sleep(0)
    names._followed.tell()
    for _ in range(steps):
        await asyncio.sleep(0)
    ordering.cancel()
    for _ in range(20):
        await asyncio.sleep(0)
    assert ordering.cancelled()
