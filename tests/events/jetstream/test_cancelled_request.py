"""A cancellation that meets the answer of a request is not lost."""

from __future__ import annotations

import asyncio

import pytest

from events.jetstream.connection import Bus
from events.jetstream.lenient_client import LenientClient


async def test_a_request_is_never_deaf_to_its_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request cancelled at the very moment of its answer ends as cancelled, so a caller that waits for that goes
    on."""
    answer = asyncio.get_running_loop().create_future()

    async def request(self: LenientClient, subject: str) -> object:
        return await asyncio.wait_for(answer, 60)

    monkeypatch.setattr(LenientClient, "request", request)
    asking = asyncio.create_task(Bus().request("anything"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    answer.set_result("an answer")
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
