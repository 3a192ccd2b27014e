"""A runner over the in-memory log, and the events that it delivers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from events.inbound import Receipt
from events.log import EventLog
from events.recorded import Recorded
from projections.reads.actor_reads import ChatReads
from projections.reads.queries import Queries
from projections.reads.reader import Reader
from projections.runner import Runner


class Following:
    """A running Runner.

    - `handed_on`: the events that it delivered so far.
    - `delivered_early`: the events that it delivered before their commit.
    - `health`: the changes of its health.
    """

    def __init__(self, log: EventLog, directory: Path) -> None:
        self.handed_on: list[Recorded] = []
        self.health: list[bool] = []
        self.delivered_early: list[Recorded] = []
        self.runner = Runner(
            log,
            directory,
            self.handed_on.extend,
            on_read=self._on_read,
            on_health=self.health.append,
            retry_after=0.01,
        )
        self.reader = Reader(directory, lambda: self.runner.path)
        self.reads = ChatReads(self.reader, self.runner.uncommitted)
        self.queries = Queries(self.reader)

    def _on_read(self, batch: list[Recorded]) -> bool:
        """As if a chat had to be woken wherever something comes in."""
        self.delivered_early += batch
        return any(recorded.side == "i" and not isinstance(recorded.event, Receipt) for recorded in batch)

    @property
    def sequences(self) -> list[int]:
        return [recorded.seq for recorded in self.handed_on]


@asynccontextmanager
async def following(log: EventLog, directory: Path, *, caught_up: bool = True) -> AsyncIterator[Following]:
    """Follow `log`, from the moment on at which the projection has caught up."""
    follows = Following(log, directory)
    running = asyncio.create_task(follows.runner.run())
    try:
        if caught_up:
            async with asyncio.timeout(60):
                waiting = asyncio.create_task(follows.runner.caught_up.wait())
                await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
        yield follows
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        follows.reader.close()
