"""A log of which all tails share one reading, as where a process is instance and gateway at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from events.log import EVERYTHING, EventLog
from events.recorded import Recorded
from events.shared_tail import SharedTail


class OneTail:
    """`log`, followed through `shared`."""

    def __init__(self, log: EventLog, shared: SharedTail) -> None:
        self._log = log
        self._shared = shared

    def tail(self, after: int, subject: str = EVERYTHING) -> AsyncGenerator[list[Recorded], None]:
        return self._shared.tail(after, subject)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


@asynccontextmanager
async def one_tail(log: EventLog, **ways: Any) -> AsyncIterator[EventLog]:
    shared = SharedTail(log, **ways)
    running = asyncio.create_task(shared.run())
    try:
        yield cast("EventLog", OneTail(log, shared))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
