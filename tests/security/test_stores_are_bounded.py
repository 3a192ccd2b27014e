"""A bucket that gateways write to cannot fill the server's disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from nats.js.api import KeyValueConfig

from events.jetstream.api import StreamInfo, call
from events.jetstream.connection import Bus
from events.log import LogUnavailable
from gateways.device.aliases import BUCKET, MOST_BYTES, STREAM, Aliases
from tests.nats_server import NatsServer


async def config(bus: Bus) -> dict[str, Any]:
    return (await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo)).config


async def test_a_bucket_of_names_from_an_older_recado_is_bounded(bus: Bus) -> None:
    """Its content stays; a size that an operator chose is left as it is; a gateway changes nothing."""
    await bus.jetstream().create_key_value(KeyValueConfig(bucket=BUCKET))
    assert await (await Aliases.open(bus, "me", makes=False)).canonical(["a@lid", "b@lid"]) == "a@lid"
    assert (await config(bus))["max_bytes"] == -1
    assert await (await Aliases.open(bus, "me")).canonical(["b@lid"]) == "a@lid"
    assert (await config(bus))["max_bytes"] == MOST_BYTES
    await call(bus, f"STREAM.UPDATE.{STREAM}", StreamInfo, await config(bus) | {"max_bytes": MOST_BYTES // 2})
    await Aliases.open(bus, "me")
    assert (await config(bus))["max_bytes"] == MOST_BYTES // 2


async def test_a_full_bucket_of_names_refuses(bus: Bus) -> None:
    """No name is pushed out: a known person keeps their chat, and a new one is not given a wrong one."""
    known = await Aliases.open(bus, "me")
    await known.canonical(["a@lid", "b@lid"])
    size = (await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo)).state.bytes
    await call(bus, f"STREAM.UPDATE.{STREAM}", StreamInfo, await config(bus) | {"max_bytes": size + 16})
    fresh = await Aliases.open(bus, "me", makes=False)
    with pytest.raises(LogUnavailable):
        await fresh.canonical(["c@lid"])
    assert await fresh.canonical(["b@lid"]) == "a@lid"


async def test_a_server_with_little_room(tmp_path: Path) -> None:
    """The bucket takes the room that there is."""
    server = NatsServer(tmp_path, max_file_store="12MB")
    server.start()
    try:
        bus = await Bus.open(server.url)
        await Aliases.open(bus, "me")
        assert 0 < (await config(bus))["max_bytes"] <= 12 * 1024**2
        await bus.close()
    finally:
        server.kill()
