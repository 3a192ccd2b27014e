"""A reply that may not have arrived: a sleeping chat wakes and asks for a human, once, over restarts."""

from __future__ import annotations

import pytest

from events.decisions import Attention
from events.inbound import Receipt, ReceiptError
from events.memory_log import MemoryLog
from tests.actors.house import ANA, House, house
from tests.waiting import until

PARKED = Receipt(id="c1", reply="t1.r", state="parked", error=ReceiptError(class_="in_doubt", code=131000))


async def told(log: MemoryLog, receipt: Receipt) -> None:
    await log.publish(ANA, receipt, msg_id="")


async def asked(log: MemoryLog) -> list[str]:
    return [one.event.id async for one in log.of_chat(ANA, 10_000) if isinstance(one.event, Attention)]


@pytest.mark.parametrize("asleep", [True, False])
async def test_a_chat_asks_for_a_human(asleep: bool) -> None:
    log = MemoryLog()
    async with house(log) as home:
        if not asleep:
            await home.order("k1", "approve")
        await told(log, PARKED)
        attention = await home.decided(Attention)
        assert (attention.id, attention.by, "131000" in attention.text) == ("t1.r.h", "gateway", True)
        await _ends_by_a_late_word(home, log)


async def _ends_by_a_late_word(home: House, log: MemoryLog) -> None:
    await told(log, Receipt(id="c2", reply="t1.r", state="delivered"))
    await until(lambda: home.reads.chat(ANA).attention is None)


async def test_it_is_asked_after_a_restart() -> None:
    """Nobody ran when the gateway parked it."""
    log = MemoryLog()
    await told(log, PARKED)
    async with house(log) as home:
        await home.decided(Attention)
    async with house(log, "two") as home:
        await home.say("m1")
        await home.model.asked(1)
    assert await asked(log) == ["t1.r.h"]
