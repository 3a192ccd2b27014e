"""Events without a waiting caller are held back for a moment, and no longer than until a caller waits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from events.inbound import Receipt
from events.memory_log import MemoryLog
from projections import commit_buffer
from tests.projections.following import following
from tests.projections.past import ANA, Past, store


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held back for so long that a test would fail if that were waited for."""
    monkeypatch.setattr(commit_buffer, "LINGER", 3600.0)


async def receipt(log: MemoryLog, id_: str) -> int:
    event = Receipt(id=id_, reply="t1.r", state="delivered")
    return (await log.publish(ANA, event, msg_id=f"receipt:{id_}")).seq


async def test_a_receipt_waits_for_a_message(tmp_path: Path, past: Past) -> None:
    """The message is committed at once, and the receipt that came before it along with it."""
    log = MemoryLog()
    async with following(log, tmp_path) as follows:
        await receipt(log, "one")
        while follows.runner.lag == 0:
            await asyncio.sleep(0)
        assert follows.sequences == []
        past.message("m1")
        await store(log, past.events)
        async with asyncio.timeout(60):
            while follows.runner.lag or len(follows.handed_on) < 2:
                await asyncio.sleep(0)
        assert follows.sequences == [1, 2]


async def test_a_caller_that_asks_gets_the_event_at_once(tmp_path: Path) -> None:
    """Events held back are committed as soon as a caller waits for them."""
    log = MemoryLog()
    async with following(log, tmp_path) as follows:
        seq = await receipt(log, "one")
        while follows.runner.lag == 0:
            await asyncio.sleep(0)
        async with asyncio.timeout(60):
            await follows.runner.reached(seq)
        assert follows.runner.checkpoint == seq


async def test_a_caller_that_asked_before_does_not_wait(tmp_path: Path) -> None:
    """Events for which a caller waits already are not held back."""
    log = MemoryLog()
    async with following(log, tmp_path) as follows, asyncio.timeout(60):
        waiting = asyncio.create_task(follows.runner.reached(1))
        await asyncio.sleep(0)
        await receipt(log, "one")
        await waiting
        assert follows.runner.checkpoint == 1
