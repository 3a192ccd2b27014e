"""A bucket that gateways write to cannot fill the server's disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from nats.js.api import KeyValueConfig

from events.jetstream.api import StreamInfo, call
from events.jetstream.connection import Bus
from events.log import LogFull
from gateways.names.bucket import BUCKET, MOST_BYTES, STREAM, AliasBucket
from tests.nats_server import NatsServer


async def config(bus: Bus) -> dict[str, Any]:
    return (await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo)).config


async def test_a_bucket_of_names_from_an_older_recado_is_bounded(bus: Bus) -> None:
    """Its content stays; a size that an operator chose is left as it is; a gateway changes nothing."""
    await bus.jetstream().create_key_value(KeyValueConfig(bucket=BUCKET))
    names = await AliasBucket.open(bus)
    assert await names.write("me", "b@lid", "a@lid", 0) == 1
    assert (await config(bus))["max_bytes"] == -1
    names = await AliasBucket.open(bus, makes=True)
    assert await names.find("me", "b@lid") == "a@lid"
    assert (await config(bus))["max_bytes"] == MOST_BYTES
    await call(bus, f"STREAM.UPDATE.{STREAM}", StreamInfo, await config(bus) | {"max_bytes": MOST_BYTES // 2})
    await AliasBucket.open(bus, makes=True)
    assert (await config(bus))["max_bytes"] == MOST_BYTES // 2


async def test_a_full_bucket_of_names_refuses(bus: Bus) -> None:
    """No name is pushed out: a known person keeps their chat, and a new one is not given a wrong one."""
    names = await AliasBucket.open(bus, makes=True)
    assert await names.write("me", "b@lid", "a@lid", 0) == 1
    size = (await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo)).state.bytes
    await call(bus, f"STREAM.UPDATE.{STREAM}", StreamInfo, await config(bus) | {"max_bytes": size + 16})
    with pytest.raises(LogFull):
        await names.write("me", "c@lid", "a@lid", 1)
    assert await names.find("me", "b@lid") == "a@lid"


async def test_a_server_with_little_room(tmp_path: Path) -> None:
    """The bucket takes the room that there is."""
    server = NatsServer(tmp_path, max_file_store="12MB")
    server.start()
    try:
        bus = await Bus.open(server.url)
        await AliasBucket.open(bus, makes=True)
        assert 0 < (await config(bus))["max_bytes"] <= 12 * 1024**2
        await bus.close()
    finally:
        server.kill()
