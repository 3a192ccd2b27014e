"""A tail goes on without gap or repeat after every kind of loss of its consumer."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import LogMismatch
from tests.events.given import ANA, ignored, message
from tests.nats_proxy import NatsProxy
from tests.nats_server import NatsServer
from tests.waiting import until


@asynccontextmanager
async def _following(log: JetStreamLog) -> AsyncIterator[list[int]]:
    """The sequences that a tail brings, growing."""
    seen: list[int] = []

    async def follow() -> None:
        async for batch in log.tail(0):
            seen.extend(event.seq for event in batch)

    reader = asyncio.create_task(follow())
    try:
        yield seen
    finally:
        reader.cancel()
        await asyncio.wait([reader])


async def _publish(log: JetStreamLog, first: int, last: int) -> None:
    for number in range(first, last + 1):
        await log.publish(ANA, message(f"m{number}"), msg_id=f"in:{number}")


@pytest.mark.parametrize("lost", [b"1", b"5", b"9"])
async def test_a_delivery_lost_on_the_way(
    remote_log: JetStreamLog, jetstream_log: JetStreamLog, wire: NatsProxy, lost: bytes
) -> None:
    """Given that one delivery does not arrive, when the next one does, then the tail starts again where it was."""

    def loses(fields: list[bytes], _payload: bytes) -> bool:
        ack = fields[3].split(b".")
        return wire.lost == 0 and ack[:2] == [b"$JS", b"ACK"] and ack[5] == lost

    wire.loses = loses
    with capture_logs() as logs:
        async with _following(remote_log) as seen:
            await _publish(jetstream_log, 1, 10)
            await until(lambda: len(seen) >= 10)
    assert (wire.lost, seen) == (1, list(range(1, 11)))
    assert [entry["reason"].split()[0] for entry in logs if entry["event"] == "tail.renewed"] == ["delivery"]


async def test_a_consumer_deleted_behind_our_back(jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Given a running tail, when another program deletes its consumer, then it makes a new one."""
    async with _following(jetstream_log) as seen:
        await _publish(jetstream_log, 1, 3)
        await until(lambda: len(seen) == 3)
        (consumer,) = await bus.jetstream().consumers_info("EVENTS")
        assert await bus.jetstream().delete_consumer("EVENTS", consumer.name)
        await _publish(jetstream_log, 4, 6)
        await until(lambda: len(seen) >= 6)
    assert seen == [1, 2, 3, 4, 5, 6]


async def test_a_server_that_falls_silent(
    remote_log: JetStreamLog, jetstream_log: JetStreamLog, wire: NatsProxy
) -> None:
    """Given a server that sends nothing any more, not even heartbeats, then the tail asks again until it gets an
    answer."""
    with capture_logs() as logs:
        async with _following(remote_log) as seen:
            await _publish(jetstream_log, 1, 3)
            await until(lambda: len(seen) == 3)
            wire.loses = lambda _fields, _payload: True
            await _publish(jetstream_log, 4, 6)
            await until(lambda: any(entry["event"] == "tail.renewed" for entry in logs))
            wire.loses = lambda _fields, _payload: False
            await until(lambda: len(seen) >= 6)
    assert seen == [1, 2, 3, 4, 5, 6]


async def test_a_connection_cut_again_and_again(
    remote_log: JetStreamLog, jetstream_log: JetStreamLog, wire: NatsProxy
) -> None:
    """Given a network that breaks every hundred events, then the tail still brings each once, in order."""
    async with _following(remote_log) as seen:
        for first in range(1, 1000, 100):
            await _publish(jetstream_log, first, first + 99)
            await until(lambda first=first: len(seen) >= first)
            wire.cut()
        await until(lambda: len(seen) >= 1000)
    assert seen == list(range(1, 1001))


async def test_a_server_that_is_stopped_in_order(jetstream_log: JetStreamLog, nats_server: NatsServer) -> None:
    """Given a server that is stopped and started again, as an upgrade does, then the tail goes on."""
    async with _following(jetstream_log) as seen:
        await _publish(jetstream_log, 1, 3)
        await until(lambda: len(seen) == 3)
        await asyncio.to_thread(nats_server.stop)
        await asyncio.to_thread(nats_server.start)
        await _publish(jetstream_log, 4, 6)
        await until(lambda: len(seen) >= 6)
    assert seen == [1, 2, 3, 4, 5, 6]


async def test_another_stream_in_its_place(jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Given a running tail, when the stream is replaced by a new one, then the tail says so and goes no further."""

    async def follow() -> None:
        async for _batch in jetstream_log.tail(0):
            pass

    reader = asyncio.create_task(follow())
    await _publish(jetstream_log, 1, 3)
    await until(lambda: bus.jetstream().consumers_info("EVENTS"))
    await bus.jetstream().delete_stream("EVENTS")
    await JetStreamLog.open(bus)
    with pytest.raises(LogMismatch, match="replaced"):
        await asyncio.wait_for(reader, 60)


@asynccontextmanager
async def _a_backup_put_back(log: JetStreamLog, server: NatsServer, folder: Path) -> AsyncIterator[asyncio.Task[None]]:
    """A reader that has read 6 events, of which the server, when it is back, knows only the first 3."""
    seen: list[int] = []

    async def follow() -> None:
        async for batch in log.tail(0):
            seen.extend(event.seq for event in batch)

    reader = asyncio.create_task(follow())
    await _publish(log, 1, 3)
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(shutil.copytree, server.store, folder)
    await asyncio.to_thread(server.start)
    await _publish(log, 4, 6)
    await until(lambda: len(seen) == 6)
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(shutil.rmtree, server.store)
    await asyncio.to_thread(shutil.move, folder, server.store)
    try:
        yield reader
    finally:
        reader.cancel()
        await asyncio.wait([reader])


async def test_a_stream_that_lost_its_last_events(
    jetstream_log: JetStreamLog, nats_server: NatsServer, tmp_path: Path
) -> None:
    """Given a running tail, when the server comes back without the last events, then the tail says so."""
    async with _a_backup_put_back(jetstream_log, nats_server, tmp_path / "backup") as reader:
        await asyncio.to_thread(nats_server.start)
        with pytest.raises(LogMismatch, match="lost its last events"):
            await asyncio.wait_for(reader, 60)


async def test_a_stream_that_grew_again(jetstream_log: JetStreamLog, nats_server: NatsServer, tmp_path: Path) -> None:
    """Given a running tail, when the server lost the last events and others stand in their place before the tail looks
    again, then the tail says so: it would pass over them."""
    async with _a_backup_put_back(jetstream_log, nats_server, tmp_path / "backup") as reader:
        (tmp_path / "elsewhere").mkdir()
        another_port = NatsServer(tmp_path / "elsewhere")
        await asyncio.to_thread(shutil.move, nats_server.store, another_port.store)
        await asyncio.to_thread(another_port.start)
        someone = await Bus.open(another_port.url)
        other = await JetStreamLog.open(someone)
        await _publish(other, 11, 14)
        await other.close()
        await someone.close()
        await asyncio.to_thread(another_port.stop)
        await asyncio.to_thread(shutil.move, another_port.store, nats_server.store)
        await asyncio.to_thread(nats_server.start)
        with pytest.raises(LogMismatch, match="lost its last events"):
            await asyncio.wait_for(reader, 60)


async def test_a_deleted_message_is_no_loss(jetstream_log: JetStreamLog, bus: Bus, nats_server: NatsServer) -> None:
    """Given a running tail, when the last event that it read is deleted and the server restarts, then it goes on."""
    async with _following(jetstream_log) as seen:
        await _publish(jetstream_log, 1, 3)
        await until(lambda: len(seen) == 3)
        await bus.jetstream().delete_msg("EVENTS", 3)
        await asyncio.to_thread(nats_server.stop)
        await asyncio.to_thread(nats_server.start)
        await _publish(jetstream_log, 4, 6)
        await until(lambda: len(seen) >= 6)
    assert seen == [1, 2, 3, 4, 5, 6]


async def test_a_tail_from_beyond_the_end(jetstream_log: JetStreamLog, nats_server: NatsServer) -> None:
    """Given a tail after a sequence that the log does not have yet, when the server restarts, then it waits."""
    reader = asyncio.create_task(anext(jetstream_log.tail(5)))
    await _publish(jetstream_log, 1, 3)
    await asyncio.to_thread(nats_server.stop)
    await asyncio.to_thread(nats_server.start)
    await _publish(jetstream_log, 4, 6)
    assert [event.seq for event in await asyncio.wait_for(reader, 60)] == [6]


async def test_an_event_has_one_stamp(jetstream_log: JetStreamLog) -> None:
    """Given events, then the tail gives them the very time that they have when they are asked for one by one."""
    async with aclosing(jetstream_log.tail(0)) as tail:
        for number in range(20):
            await jetstream_log.append(ANA, ignored(f"m{number}"), expected=number, msg_id=f"inc:{number}")
            last = await jetstream_log.last_decision(ANA)
            assert [last] == await anext(tail)
