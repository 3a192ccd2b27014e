"""A gateway whose bus goes away and comes back."""

from __future__ import annotations

from pathlib import Path

from events.bus import Bus
from events.jetstream_log import JetStreamLog
from events.log import LogUnavailable
from tests.gateways.replies import Phone, delivering, receipts, say, until_noted
from tests.nats_server import NatsServer


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
