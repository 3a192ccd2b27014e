"""One event or receipt that the linked device breaks on is set aside, with a line and a count; the account goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from events.inbound import Receipt
from events.log import Appended, EventTooLarge, LogFull
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import ChatKey
from gateways.device.inbox import Inbox
from gateways.device.sent import Sent
from tests.gateways.device.events import ANA, message, receipt
from tests.waiting import until

KEY = ChatKey("shop", ANA)


def passed(reader: str) -> float:
    labels = {"account": KEY.account, "reader": reader}
    return REGISTRY.get_sample_value("recado_gateway_events_set_aside_total", labels) or 0.0


async def test_a_receipt_that_the_device_breaks_on() -> None:
    """Words about messages that were sent later are still told of the right reply."""
    found: list[str] = []

    def tell(_key: ChatKey, _piece: object, name: str, _told: object) -> None:
        if name == "poison":
            raise ValueError("a defect")
        found.append(name)

    log, sent, before = MemoryLog(), Sent(tell), passed("receipts")
    for name in ("poison", "good"):
        sent.tell(name, None)  # type: ignore[arg-type]
        accepted = Receipt(id=name, reply=f"r-{name}", state="accepted", provider_id=name)
        await log.publish(KEY, accepted, msg_id=name)
    with capture_logs():
        following = asyncio.create_task(sent.follow(log, KEY.account))
        await until(lambda: found or following.done())
        assert found == ["good"]
        assert not following.done()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    assert passed("receipts") == before + 1


class Refusing(MemoryLog):
    """A log that raises what it is told to, for dead letters and receipts."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    async def bury(self, account: str, body: bytes, **how: Any) -> None:
        raise self._error

    async def publish(self, key: ChatKey, event: Any, *, msg_id: str) -> Appended:
        if isinstance(event, Receipt) and event.state == "read":
            raise self._error
        return await super().publish(key, event, msg_id=msg_id)


@pytest.mark.parametrize("error", [LogFull("full"), EventTooLarge(2, 1), ValueError("a defect"), RecursionError()])
async def test_messages_that_can_neither_be_stored_nor_kept(error: Exception) -> None:
    """It is lost with a line that says so, and a count; what comes after it is stored. Dead letters that are full
    for good hold nobody up."""
    log = Refusing(error)
    inbox = Inbox(log, KEY.account, None, None, None)  # type: ignore[arg-type]
    lost = {"outcome": "lost"}
    before = REGISTRY.get_sample_value("recado_device_events_total", lost) or 0.0
    with capture_logs() as logs:
        async with asyncio.timeout(60):
            await inbox.receive(message("A1", "x", chat="nobody@nowhere"))
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["event_lost"]
    assert REGISTRY.get_sample_value("recado_device_events_total", lost) == before + 1


@pytest.mark.parametrize("error", [EventTooLarge(2, 1), ValueError("a defect")])
async def test_a_word_about_a_reply_that_cannot_be_stored(error: Exception) -> None:
    """It takes no other event with it: what WhatsApp said is not the fault of the one that is dealt with just then."""
    log = Refusing(error)
    inbox = Inbox(log, KEY.account, None, None, None)  # type: ignore[arg-type]
    accepted = Receipt(id="P1", reply="r1", state="accepted", provider_id="P1")
    inbox.sent.fold(Recorded(1, KEY, "i", "receipt", (await log.head()).now, "", accepted))
    with capture_logs() as logs:
        await inbox.receive(receipt("P1", type_=4))
    assert [line["event"] for line in logs] == ["receipt_lost"]
    assert log.dead_letters == []
