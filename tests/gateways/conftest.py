"""The logs that gateways are tested on: in memory, in memory with one reading for all, and on a real nats-server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import EventLog
from events.memory_log import MemoryLog
from tests.gateways.shared import one_tail
from tests.nats_server import NatsServer


@pytest.fixture(params=["memory", "one tail", "jetstream"])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[EventLog]:
    """An empty log."""
    if request.param == "memory":
        memory = MemoryLog()
        yield memory
        await memory.close()
        return
    if request.param == "one tail":
        memory = MemoryLog()
        async with one_tail(memory) as shared:
            yield shared
            await memory.close()
        return
    server: NatsServer = request.getfixturevalue("nats_server")
    bus = await Bus.open(server.url)
    jetstream = await JetStreamLog.open(bus, max_bytes=64 * 1024 * 1024)
    yield jetstream
    await jetstream.close()
    await bus.close()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """The data folder of one gateway; it is not there yet."""
    return tmp_path / "data"
