"""Files in the object store: whole or absent, gone after a while, and readable by every NATS client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from events.jetstream.connection import Bus
from events.jetstream.media_store import PIECE, MediaStore, Object
from events.log import LogMismatch
from tests.conftest import LOG_BYTES
from tests.nats_server import NatsServer
from tests.waiting import until

LARGE = bytes(range(256)) * (PIECE // 64)


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def opened(bus: Bus, kept: timedelta = timedelta(hours=1)) -> MediaStore:
    return await MediaStore.open(bus, kept=kept, log_bytes=LOG_BYTES, replicas=1)


@pytest.fixture
async def store(bus: Bus) -> MediaStore:
    return await opened(bus)


@pytest.mark.parametrize("body", [b"x", b"x" * PIECE, LARGE, LARGE + b"x"], ids=len)
async def test_a_stored_object_is_read(store: MediaStore, body: bytes) -> None:
    """An object of any size, in pieces of any size."""
    assert await store.find("meta:1") is None
    assert await store.read("meta:1") is None
    await store.put("meta:1", pieces(body[:7], body[7:-3], body[-3:]) if len(body) > 10 else pieces(body))
    assert await store.find("meta:1") == Object(len(body))
    assert await store.read("meta:1") == body


async def test_it_is_an_object_store_as_others_know_it(store: MediaStore, bus: Bus) -> None:
    """nats-py reads what recado wrote, and recado reads what nats-py wrote."""
    theirs = await bus.jetstream().object_store("MEDIA")
    await store.put("meta:ours", pieces(LARGE))
    assert (await theirs.get("meta:ours")).data == LARGE
    await theirs.put("somebody's", LARGE)
    assert await store.read("somebody's") == LARGE
    assert await store.find("somebody's") == Object(len(LARGE))
    await theirs.delete("somebody's")
    assert await store.find("somebody's") is None


async def test_a_later_object_takes_the_place(store: MediaStore, bus: Bus) -> None:
    """And nothing is left of the first."""
    await store.put("meta:1", pieces(LARGE))
    await store.put("meta:1", pieces(b"short"))
    assert await store.read("meta:1") == b"short"
    info = await bus.jetstream().stream_info("OBJ_MEDIA")
    assert info.state.messages == 2


async def test_half_an_object_is_none(store: MediaStore, bus: Bus) -> None:
    """An interrupted download leaves nothing."""

    async def broken() -> AsyncIterator[bytes]:
        yield LARGE
        raise ConnectionError("the other side hung up")

    with pytest.raises(ConnectionError):
        await store.put("meta:1", broken())
    assert await store.find("meta:1") is None
    assert (await bus.jetstream().stream_info("OBJ_MEDIA")).state.messages == 0


async def test_an_object_that_will_never_come_says_why(store: MediaStore) -> None:
    """So a reader need not wait any longer."""
    await store.give_up("meta:1", "too_large", "17 MB: more than 16")
    assert await store.find("meta:1") == Object(0, "too_large", "17 MB: more than 16")


async def test_objects_expire(bus: Bus) -> None:
    """Objects expire after the time that was set; a new time applies to an existing bucket."""
    await opened(bus)
    store = await opened(bus, timedelta(seconds=1))
    assert (await bus.jetstream().stream_info("OBJ_MEDIA")).config.max_age == 1
    await store.put("meta:1", pieces(LARGE))

    async def gone() -> bool:
        return await store.find("meta:1") is None

    await until(gone)
    assert await store.read("meta:1") is None


async def test_an_object_that_lost_a_piece_is_not_read(store: MediaStore, bus: Bus) -> None:
    """Its pieces may go before its entry does, when the bucket is full."""
    await store.put("meta:1", pieces(LARGE))
    js = bus.jetstream()
    first = (await js.stream_info("OBJ_MEDIA")).state.first_seq
    await js.delete_msg("OBJ_MEDIA", first)
    assert await store.read("meta:1") is None


async def test_two_that_start_at_once(bus: Bus) -> None:
    """Both find the bucket."""
    await asyncio.gather(opened(bus), opened(bus))


async def test_a_bus_that_refuses_the_bucket(tmp_path: Path) -> None:
    """The error names the bucket and says what to do."""
    accounts = "accounts { A { jetstream { max_streams: 1 }, users: [{user: a, password: b}] } }"
    server = NatsServer(tmp_path, config=accounts)
    server.start()
    try:
        bus = await Bus.open(server.url.replace("//", "//a:b@"))
        await bus.jetstream().add_stream(name="OTHER", subjects=["other"])
        with pytest.raises(LogMismatch, match="object store MEDIA"):
            await MediaStore.open(bus, kept=timedelta(hours=1), log_bytes=1024**2, replicas=1)
        await bus.close()
    finally:
        server.kill()
