"""An instance says whether it takes work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from actors.log_space import LogSpace
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from recado.wiring.readiness import Readiness
from tests.actors.house import House
from tests.waiting import until


@contextmanager
def _watched(room: LogSpace) -> Iterator[None]:
    watching = asyncio.create_task(room.watch())
    try:
        yield
    finally:
        watching.cancel()


async def test_a_stream_that_is_gone(bus: Bus, jetstream_log: JetStreamLog) -> None:
    """Given an instance that is ready, when somebody deletes the stream, then it says that the log does not answer, and
    when the stream is back, that it is ready again."""
    room = LogSpace(House(jetstream_log, "one").instance, every=0.01)
    runner: Any = SimpleNamespace(healthy=True, caught_up=asyncio.Event())
    runner.caught_up.set()
    ownership: Any = SimpleNamespace(trouble=None)
    readiness = Readiness(bus, runner, ownership, room)
    with _watched(room):
        assert readiness.reasons_against() == []
        await bus.jetstream().delete_stream("EVENTS")
        await until(readiness.reasons_against)
        (reason,) = readiness.reasons_against()
        assert "the log does not answer" in reason
        assert "stream not found" in reason
        await JetStreamLog.open(bus, max_bytes=10_000_000)
        await until(lambda: readiness.reasons_against() == [])
