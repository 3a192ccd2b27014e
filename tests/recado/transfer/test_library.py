"""The library in a backup: a backup with the names has the bytes, and a restore names each file that is not whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from events.inbound import Message
from events.jetstream.connection import Bus
from events.jetstream.library import JetStreamLibrary, damaged_files
from events.jetstream.log import JetStreamLog
from events.library import object_of
from recado.transfer.archive import put_back, save
from tests.conftest import LOG_BYTES
from tests.events.test_library import file
from tests.recado.instance import ANA


@pytest.fixture
async def library(bus: Bus, jetstream_log: JetStreamLog) -> AsyncIterator[JetStreamLibrary]:
    await jetstream_log.publish(ANA, Message(id="m1", text="hello"), msg_id="m1")
    found = await JetStreamLibrary.open(bus, log_bytes=LOG_BYTES, replicas=1)
    yield found
    await found.close()


async def lose_everything(bus: Bus) -> None:
    for info in await bus.jetstream().streams_info():
        await bus.jetstream().delete_stream(info.config.name or "")


async def test_a_backup_while_files_are_added(library: JetStreamLibrary, bus: Bus, tmp_path: Path) -> None:
    """Given additions before, during and after it, then each name of the backup has its bytes there."""
    added = 0
    enough = asyncio.Event()

    async def add() -> None:
        nonlocal added
        while True:
            content = b"%d" % added * 70_000
            await library.add("shop", file(str(added), content), content)
            added += 1
            if added == 5:
                enough.set()

    adding = asyncio.create_task(add())
    await asyncio.wait_for(enough.wait(), 60)
    await save(bus, tmp_path / "log.recado")
    adding.cancel()
    await asyncio.gather(adding, return_exceptions=True)
    await lose_everything(bus)
    await put_back(bus, tmp_path / "log.recado")
    entries = await library.entries("shop")
    assert len(entries) >= 5
    for entry in entries:
        assert entry.part.object is not None
        assert await library.content(entry.part.object) is not None
    assert await damaged_files(bus) == []


async def test_a_restored_file_that_is_not_whole_is_told(library: JetStreamLibrary, bus: Bus, tmp_path: Path) -> None:
    """By its SHA-256; the others are there."""
    for content in (b"first", b"second"):
        await library.add("shop", file(content.decode(), content), content)
    await bus.jetstream().delete_msg("OBJ_LIBRARY", 1)
    await bus.jetstream().publish("$O.LIBRARY.M.%", b"{}")
    await save(bus, tmp_path / "log.recado")
    await lose_everything(bus)
    await put_back(bus, tmp_path / "log.recado")
    with capture_logs():
        assert set(await damaged_files(bus)) == {object_of(b"first"), "LIBRARY/%"}
    assert await library.content(object_of(b"second")) == b"second"


async def test_a_bus_without_a_library(bus: Bus, jetstream_log: JetStreamLog) -> None:
    assert await damaged_files(bus) == []
