"""Every log: on JetStream or in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import EventLog
from events.memory_log import MemoryLog
from tests.conftest import LOG_BYTES

MakeLog = Callable[..., Awaitable[EventLog]]
Put = Callable[[str, bytes], Awaitable[None]]


@pytest.fixture(params=["memory", "jetstream"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def make_log(kind: str, bus: Bus) -> AsyncIterator[MakeLog]:
    """Makes a log of at most `limit` bytes."""
    made: list[EventLog] = []

    async def make(limit: int = LOG_BYTES) -> EventLog:
        made.append(MemoryLog(limit=limit) if kind == "memory" else await JetStreamLog.open(bus, max_bytes=limit))
        return made[-1]

    yield make
    for log in made:
        await log.close()


@pytest.fixture
async def log(make_log: MakeLog) -> EventLog:
    return await make_log()


@pytest.fixture
def put(log: EventLog, bus: Bus) -> Put:
    """Stores any bytes, as a client that knows nothing of recado does."""

    async def put(subject: str, body: bytes) -> None:
        if isinstance(log, MemoryLog):
            log.put(subject, body)
        else:
            await bus.request(subject, body, timeout=30)

    return put
