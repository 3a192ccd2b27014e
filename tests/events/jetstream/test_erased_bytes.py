"""The server's disk no longer holds an erased event."""

from __future__ import annotations

from pathlib import Path

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from tests.conftest import LOG_BYTES
from tests.events.given import ANA, message
from tests.nats_server import NatsServer

SECRET = "the-word-that-nobody-may-find"


def found_in(folder: Path, word: str) -> list[Path]:
    """The files under `folder` that contain `word`."""
    return [path for path in folder.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]


async def test_the_servers_files_do_not_hold_it(nats_server: NatsServer, bus: Bus) -> None:
    """Its bytes are overwritten in place, between events that stay."""
    log = await JetStreamLog.open(bus, max_bytes=LOG_BYTES)
    await log.publish(ANA, message("m1", "one that stays"), msg_id="in:a:m1")
    secret = await log.publish(ANA, message("m2", SECRET), msg_id="in:a:m2")
    last = await log.publish(ANA, message("m3", SECRET), msg_id="in:a:m3")
    assert found_in(nats_server.store, SECRET)
    await log.erase(secret.seq)
    await log.erase(last.seq)
    assert not found_in(nats_server.store, SECRET)
    assert found_in(nats_server.store, "one that stays")
    await log.close()
