"""The library's bytes on JetStream: written once, gone on with, whole or absent, bounded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary
from events.jetstream.objects import PIECE, piece_subject
from events.jetstream.write_once import TRIES
from events.library import object_of
from events.log import LogFull, LogUnavailable
from tests.conftest import LOG_BYTES
from tests.events.test_library import AT, file, place
from tests.nats_proxy import NatsProxy
from tests.nats_server import NatsServer

LARGE = bytes(range(256)) * (PIECE // 64)
"""Four pieces."""


@pytest.fixture
async def library(bus: Bus) -> AsyncIterator[JetStreamLibrary]:
    found = await JetStreamLibrary.open(bus, log_bytes=LOG_BYTES, replicas=1)
    yield found
    await found.close()


async def state(bus: Bus, stream: str = "OBJ_LIBRARY") -> Any:
    return (await bus.jetstream().stream_info(stream)).state


async def test_the_same_bytes_are_written_once(library: JetStreamLibrary, bus: Bus) -> None:
    """Also under another name, in another account, and without one."""
    await library.add("shop", file("one", LARGE), LARGE)
    last = (await state(bus)).last_seq
    await library.add("shop", file("two", LARGE), LARGE)
    await library.add("bakery", file("one", LARGE), LARGE)
    await library.keep(LARGE)
    assert (await state(bus)).last_seq == last == 5


async def test_it_is_an_object_store_and_a_bucket_as_others_know_them(library: JetStreamLibrary, bus: Bus) -> None:
    await library.add("shop", file("Menu", LARGE), LARGE)
    theirs = await bus.jetstream().object_store("LIBRARY")
    assert (await theirs.get(object_of(LARGE).removeprefix("LIBRARY/"))).data == LARGE
    bucket = await bus.jetstream().key_value("FILES")
    assert await bucket.keys() == ["shop.menu"]
    await bucket.delete("shop.menu")
    assert await library.entry("shop", "Menu") is None


@pytest.mark.parametrize("pieces", [1, 3, 4])
async def test_an_interrupted_addition_is_gone_on_with(library: JetStreamLibrary, bus: Bus, pieces: int) -> None:
    """Given that the first one ended after so many pieces, then the second writes the rest alone."""
    subject = piece_subject("LIBRARY", object_of(LARGE).removeprefix("LIBRARY/"))
    for number in range(pieces):
        await bus.jetstream().publish(subject, LARGE[number * PIECE : (number + 1) * PIECE])
    assert await library.content(object_of(LARGE)) is None
    await library.keep(LARGE)
    assert await library.content(object_of(LARGE)) == LARGE
    assert (await state(bus)).messages == 5


@pytest.mark.parametrize("fault", ["a piece is lost", "other bytes", "too much", "no description", "other description"])
async def test_a_damaged_file_is_none_until_it_is_added_again(library: JetStreamLibrary, bus: Bus, fault: str) -> None:
    digest = object_of(LARGE).removeprefix("LIBRARY/")
    subject, js = piece_subject("LIBRARY", digest), bus.jetstream()
    if fault in {"other bytes", "too much"}:
        for _ in range(2 if fault == "other bytes" else 9):
            await js.publish(subject, b"x")
    else:
        await library.keep(LARGE)
        if fault == "other description":
            await (await js.object_store("LIBRARY")).put(digest, b"other")
        else:
            await js.delete_msg("OBJ_LIBRARY", 2 if fault == "a piece is lost" else 5)
    with capture_logs():
        assert await library.content(object_of(LARGE)) is None
        await library.keep(LARGE)
    assert await library.content(object_of(LARGE)) == LARGE
    before = (await state(bus)).last_seq
    await library.keep(LARGE)
    assert (await state(bus)).last_seq == before


async def test_a_full_library_says_what_to_do(library: JetStreamLibrary, bus: Bus) -> None:
    """Nothing of the name is stored, and what was there stays."""
    await library.add("shop", file("Menu", b"menu"), b"menu")
    js = bus.jetstream()
    for stream, added in (("OBJ_LIBRARY", file("Large", LARGE)), ("KV_FILES", file("Next", b"menu"))):
        config = (await js.stream_info(stream)).config
        config.max_bytes = (await state(bus, stream)).bytes + 10
        await js.update_stream(config)
        with pytest.raises(LogFull, match=f"nats stream edit {stream} --max-bytes"):
            await library.add("shop", added, LARGE if added.name == "Large" else b"menu")
    assert [entry.name for entry in await library.entries("shop")] == ["Menu"]
    assert await library.content(object_of(b"menu")) == b"menu"


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 5000, b"{}", b'{"name":"x","part":{"kind":7}}'])
async def test_bytes_that_are_no_entry(library: JetStreamLibrary, bus: Bus, body: bytes) -> None:
    """They hide no other entry, and can be replaced and removed."""
    await library.add("shop", place("Bakery"))
    await bus.jetstream().publish("$KV.FILES.shop.x", body)
    with capture_logs():
        assert [entry.name for entry in await library.entries("shop")] == ["Bakery"]
        assert await library.entry("shop", "x") is None
        await library.add("shop", place("X"))
    assert await library.entry("shop", "x") == place("X")


async def test_fields_of_a_newer_release_outlast_a_change(library: JetStreamLibrary, bus: Bus) -> None:
    """Beside the entry's own, those of its part."""
    body = b'{"name":"x","part":{"kind":"location","zoom":3},"until":"2027","at":"2026-01-01T00:00:00Z"}'
    await bus.jetstream().publish("$KV.FILES.shop.x", body)
    await library.add("shop", place("X"))
    stored = msgspec.json.decode((await library._stored("$KV.FILES.shop.x"))[1])
    assert (stored["name"], stored["until"], stored["part"]["zoom"]) == ("X", "2027", 3)


async def test_an_entry_of_a_newer_release_is_not_lost(library: JetStreamLibrary, bus: Bus) -> None:
    """It cannot be read here, so it is not replaced: nobody knows what would be lost. It can be removed."""
    await bus.jetstream().publish("$KV.FILES.shop.x", b'{"name":"x","part":{"kind":7},"at":"2026-01-01T00:00:00Z"}')
    with capture_logs():
        with pytest.raises(ValueError, match="update recado, or remove it first"):
            await library.add("shop", place("X"))
        assert await library.remove("shop", "x")
    await library.add("shop", place("X"))
    assert await library.entry("shop", "x") == place("X")


@pytest.mark.slow("it writes and reads thousands of entries")
async def test_thousands_of_entries(library: JetStreamLibrary, bus: Bus) -> None:
    """All are listed, in the order of their names, and those of another account are not."""
    js, body = bus.jetstream(), b'{"name":"%d","part":{"kind":"location","latitude":1,"longitude":1},"at":"%s"}'
    for number in range(10_000):
        await bus.publish(f"$KV.FILES.shop.{number}", body % (number, AT.isoformat().encode()))
    await js.publish("$KV.FILES.bakery.last", body % (1, AT.isoformat().encode()))
    found = [entry.name for entry in await library.entries("shop")]
    assert found == sorted(str(number) for number in range(10_000))


async def test_a_lost_answer(
    bus: Bus, library: JetStreamLibrary, wire: NatsProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given that no answer to a piece comes, then the addition fails, and the next one goes on with it."""
    far = await Bus.open(wire.url)
    remote = await JetStreamLibrary.join(far)
    wire.loses = lambda _, payload: b'"stream":"OBJ_LIBRARY"' in payload and wire.lost < TRIES
    monkeypatch.setattr("events.jetstream.publisher.ACK_TIMEOUT", 0.5)
    with pytest.raises(LogUnavailable):
        await remote.keep(LARGE)
    monkeypatch.undo()
    await remote.keep(LARGE)
    assert await library.content(object_of(LARGE)) == LARGE
    await remote.close()
    await far.close()


async def test_a_server_without_room_for_it(tmp_path: Path) -> None:
    """An instance that starts there goes on without a library, and says so; nothing is in it, and nothing is taken."""
    server = NatsServer(tmp_path, max_file_store="200KB")
    server.start()
    try:
        bus = await Bus.open(server.url)
        with capture_logs() as logs:
            library = await JetStreamLibrary.open(bus, log_bytes=LOG_BYTES, replicas=1)
        assert [entry["stream"] for entry in logs if entry["event"] == "library.no_room"] == ["KV_FILES", "OBJ_LIBRARY"]
        assert await library.content(object_of(b"menu")) is None
        for asked in (library.entry("shop", "x"), library.entries("shop"), library.add("shop", place("x"))):
            with pytest.raises(LogUnavailable, match=r"library\.no_room"):
                await asked
        with pytest.raises(LogUnavailable):
            await library.keep(b"menu")
        await library.close()
        await bus.close()
    finally:
        server.kill()
