"""A decision before which nothing may come in, while a person writes as fast as possible."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import WrongExpectedVersion
from events.recorded import Recorded
from tests.conftest import LOG_BYTES
from tests.events.given import ANA, ignored, message
from tests.nats_cluster import make_log, nats_cluster
from tests.nats_server import NatsServer

BURSTS, AT_ONCE = 40, 10


@asynccontextmanager
async def log_of(folder: Path, size: int) -> AsyncIterator[JetStreamLog]:
    servers = nats_cluster(folder, size) if size > 1 else (NatsServer(folder),)
    for server in servers:
        server.start()
    try:
        url = ",".join(server.url for server in servers)
        if size > 1:
            await make_log(url, size)
        bus = await Bus.open(url)
        log = await JetStreamLog.open(bus, max_bytes=LOG_BYTES)
        yield log
        await log.close()
        await bus.close()
    finally:
        for server in servers:
            server.kill()


@pytest.mark.parametrize("size", [1, 3], ids=["one server", "a cluster"])
async def test_events_in_between(tmp_path: Path, size: int) -> None:
    """On one server nothing comes in between. In a cluster messages may, if they were on their way when the decision
    was compared (for this reason `erased` names the last event that it knew), but never a decision."""
    async with log_of(tmp_path, size) as log:
        writing = asyncio.create_task(_write(log))
        expected, refused, knew = 0, 0, dict[int, int]()
        for number in range(10**6):
            last = await log.last_of(ANA)
            try:
                done = await log.append(ANA, ignored(f"m{number}"), expected=expected, msg_id=f"i:{number}", last=last)
                knew[done.seq], expected = last, done.seq
            except WrongExpectedVersion:
                refused += 1
            if writing.done():
                break
        await writing
        events = [recorded async for recorded in log.of_chat(ANA, 10**9)]
        assert knew
        assert refused
        between = [one for seq, last in knew.items() for one in _between(events, last, seq)]
        assert {one.side for one in between} <= ({"i"} if size > 1 else set())


def _between(events: list[Recorded], last: int, seq: int) -> list[Recorded]:
    return [recorded for recorded in events if last < recorded.seq < seq]


async def _write(log: JetStreamLog) -> None:
    """In bursts, with moments in which nothing is under way."""
    for burst in range(BURSTS):
        ids = [f"w{burst}-{number}" for number in range(AT_ONCE)]
        await asyncio.gather(*(log.publish(ANA, message(id_), msg_id=f"in:{id_}") for id_ in ids))
        await asyncio.sleep(0.004 * (burst % 3))
