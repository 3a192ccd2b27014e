"""A slow reader costs a bounded amount of memory, however long the log is."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

from events.jetstream.connection import Bus
from events.jetstream.consumer import REQUEST_BYTES, WINDOW
from events.jetstream.log import JetStreamLog
from tests.conftest import LOG_BYTES
from tests.events.given import ANA, message, take
from tests.nats_server import NatsServer
from tests.waiting import until


async def _fetched_ahead(bus: Bus) -> int:
    """The number of messages that the server has sent to the one reader, once it sends no more."""
    sent = -1
    while True:
        (consumer,) = await bus.jetstream().consumers_info("EVENTS")
        assert consumer.delivered is not None
        if consumer.delivered.consumer_seq == sent:
            return sent
        sent = consumer.delivered.consumer_seq
        await asyncio.sleep(0.2)


async def test_many_small_events(jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Given 10,000 events and a reader that stops after the first batch, then no more than the window is fetched."""
    for first in range(0, 10_000, 500):  # an acknowledgement must come within some seconds
        numbers = range(first, first + 500)
        await asyncio.gather(*(jetstream_log.publish(ANA, message(f"m{n}"), msg_id=f"in:{n}") for n in numbers))
    seen = []
    async with aclosing(jetstream_log.tail(0)) as tail:
        seen += await anext(tail)
        assert await _fetched_ahead(bus) <= len(seen) + WINDOW
        async for batch in tail:
            seen += batch
            if len(seen) == 10_000:
                break
    assert [event.seq for event in seen] == list(range(1, 10_001))


async def test_large_events(jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Given 100 events of 500 KB and a reader that stops at the first, then only some megabytes are fetched."""
    for number in range(100):
        await jetstream_log.publish(ANA, message(f"m{number}", "x" * 500_000), msg_id=f"in:{number}")
    seen = []
    async with aclosing(jetstream_log.tail(0)) as tail:
        seen += await anext(tail)
        ahead = await _fetched_ahead(bus)
        assert ahead * 500_000 <= 8 * REQUEST_BYTES
        async for batch in tail:
            seen += batch
            if len(seen) == 100:
                break
    assert [event.seq for event in seen] == list(range(1, 101))


async def test_a_reader_that_rests_longer_than_its_consumer_lives(jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Given a reader that was busy for so long that the server forgot its consumer, then it misses nothing."""
    for number in range(1, 4):
        await jetstream_log.publish(ANA, message(f"m{number}"), msg_id=f"in:{number}")
    seen = []
    async with aclosing(jetstream_log.tail(0)) as tail:
        seen += await anext(tail)
        (consumer,) = await until(lambda: bus.jetstream().consumers_info("EVENTS"))
        await bus.jetstream().delete_consumer("EVENTS", consumer.name)
        for number in range(4, 7):
            await jetstream_log.publish(ANA, message(f"m{number}"), msg_id=f"in:{number}")
        while len(seen) < 6:
            seen += await asyncio.wait_for(anext(tail), 60)
    assert [event.seq for event in seen] == [1, 2, 3, 4, 5, 6]


async def test_a_message_larger_than_the_server_takes_now(tmp_path: Path) -> None:
    """Given a message from when the server took larger ones, then the tail brings it, after a few requests."""
    server = NatsServer(tmp_path, config="max_payload: 16MB\nmax_pending: 64MB")
    server.start()
    bus = await Bus.open(server.url)
    log = await JetStreamLog.open(bus, max_bytes=LOG_BYTES)
    for number, size in enumerate((10, 12_000_000, 10)):
        await log.publish(ANA, message(f"m{number}", "x" * size), msg_id=f"in:{number}")
    await log.close()
    await bus.close()
    server.stop()
    server = NatsServer(tmp_path)
    server.start()
    bus = await Bus.open(server.url)
    log = await JetStreamLog.open(bus)
    sent = bus.stats["out_msgs"]
    try:
        assert [event.seq for event in await take(log, 3)] == [1, 2, 3]
        assert bus.stats["out_msgs"] - sent < 100
    finally:
        await log.close()
        await bus.close()
        server.kill()
