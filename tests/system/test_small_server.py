"""A NATS server with little room."""

from __future__ import annotations

from pathlib import Path

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from tests.nats_server import NatsServer


async def test_the_log_leaves_room_for_dead_letters(tmp_path: Path) -> None:
    """Without a limit for the log it takes most of the server's room, but not all of it."""
    server = NatsServer(tmp_path, max_file_store="256MB")
    server.start()
    try:
        bus = await Bus.open(server.url)
        log = await JetStreamLog.open(bus)
        assert 100 * 1024**2 < (await log.head()).limit < 256 * 1024**2
        await log.bury("local", b"{", reason="unreadable", msg_id="dlq:1")
        await log.close()
        await bus.close()
    finally:
        server.kill()
