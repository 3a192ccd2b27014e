"""A gateway without what it needs for a while: the log, or room for its file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import EventLog, EventTooLarge, Head, LogFull, LogUnavailable
from events.memory_log import MemoryLog
from gateways import until_stopped
from gateways.delivery import checkpoint, delivery, undeliverable
from gateways.delivery.delivery import Delivery
from tests.gateways.replies import Phone, decide, delivering, receipts, reply, say, until_noted
from tests.nats_server import NatsServer
from tests.waiting import until


class Failing(MemoryLog):
    """A log that refuses `head` and `bury` as often as a test tells it to."""

    def __init__(self, *refusals: Exception) -> None:
        super().__init__()
        self._refusals = list(refusals)

    async def head(self) -> Head:
        self._refuse()
        return await super().head()

    async def bury(self, account: str, body: bytes, **how: Any) -> None:
        self._refuse()
        await super().bury(account, body, **how)

    def refuse(self, refusal: Exception) -> None:
        self._refusals.append(refusal)

    def _refuse(self) -> None:
        if self._refusals:
            raise self._refusals.pop(0)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (undeliverable, until_stopped):
        monkeypatch.setattr(module, "_OUTAGE_PAUSE", 0.01)


async def test_a_start_without_the_log(data_dir: Path) -> None:
    """The gateway says so, asks again until it is answered, and delivers."""
    log = Failing(LogUnavailable("no answer"), LogUnavailable("no answer"))
    phone = Phone()
    with capture_logs() as logs:
        async with delivering(log, phone, data_dir):
            await say(log, "r1")
            await until_noted(log, "r1 delivered")
    assert [entry["event"] for entry in logs] == ["log_unavailable"] * 2
    assert phone.shown == ["r1"]


async def test_stopped_before_the_log_is_there(data_dir: Path) -> None:
    """A gateway that still waits for the log can be stopped."""
    gateway = Delivery(Failing(*[LogUnavailable("no answer")] * 100_000), "local", Phone(), data_dir=data_dir)
    with capture_logs() as logs:
        running = asyncio.create_task(gateway.run())
        await until(lambda: len(logs) > 1)
        gateway.stop()
        await asyncio.wait_for(running, 60)
    assert not gateway.started.is_set()


async def test_a_disk_that_is_full(log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a checkpoint the gateway goes on; the next life reads more of the log, and sends nothing twice."""

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    phone, again = Phone(), Phone()
    async with delivering(log, phone, data_dir):
        await say(log, "r1")
        await until_noted(log, "r1 delivered")
    monkeypatch.setattr(delivery, "_SAVE_EVERY", 0.0)
    with monkeypatch.context() as disk, capture_logs() as logs:
        disk.setattr(checkpoint.os, "fsync", full)
        async with delivering(log, phone, data_dir):
            await say(log, "r2", "r3")
            await until_noted(log, "r3 delivered")
    assert {entry["event"] for entry in logs} == {"checkpoint_not_saved"}
    async with delivering(log, again, data_dir):
        await say(log, "r4")
        await until_noted(log, "r4 delivered")
    assert (phone.shown, again.shown) == (["r1", "r2", "r3"], ["r4"])


@pytest.mark.parametrize(
    ("refusal", "kept"),
    [
        (LogUnavailable("no answer"), 1),
        (LogFull("maximum bytes exceeded"), 0),
        (EventTooLarge(2_000_000, 1_000_000), 0),
    ],
)
async def test_a_dead_letter_that_is_refused(data_dir: Path, refusal: Exception, kept: int) -> None:
    """It is tried again where that helps; where it does not, the reply holds nothing up."""
    log, phone = Failing(), Phone()
    with capture_logs() as logs:
        async with delivering(log, phone, data_dir):
            log.refuse(refusal)
            await decide(log, reply("x" * 600))
            await say(log, "r2")
            await until_noted(log, "r2 delivered")
    assert [entry["event"] for entry in logs] == ["reply_undeliverable", "dead_letter_refused"]
    assert (phone.shown, len(log.dead_letters)) == (["r2"], kept)


async def test_the_server_is_killed_under_a_gateway(nats_server: NatsServer, data_dir: Path) -> None:
    """Replies on the wire get their receipts when it is back, later ones are delivered: each once, in order."""
    bus = await Bus.open(nats_server.url)
    log = await JetStreamLog.open(bus, max_bytes=64 * 1024 * 1024)
    phone = Phone()
    gates = [phone.hold(f"r{n}") for n in range(3)]
    async with delivering(log, phone, data_dir):
        await say(log, "r0", "r1", "r2", "r3")
        for n, gate in enumerate(gates):
            await phone.showing(f"r{n}")
            nats_server.kill()
            gate.set()
            nats_server.start()
            await _until_the_log_answers(log)
        await until_noted(log, "r3 delivered")
    assert phone.shown == ["r0", "r1", "r2", "r3"]
    assert await receipts(log) == [f"r{n} {state}" for n in range(4) for state in ("sending", "delivered")]
    await log.close()
    await bus.close()


async def _until_the_log_answers(log: JetStreamLog) -> None:
    while True:
        try:
            await log.head()
        except LogUnavailable:
            continue
        return
