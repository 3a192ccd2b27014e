"""The names of people as a gateway or an instance has them, on a test's bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from events.jetstream.connection import Bus
from events.log import EventLog
from gateways.names.bucket import AliasBucket
from gateways.names.names import Names
from gateways.names.saved import NamesFile


async def _yes() -> bool:
    return True


async def _no() -> bool:
    return False


@asynccontextmanager
async def following(
    bus: Bus, log: EventLog, account: str | None = "me", *, joins: bool = True, file: NamesFile | None = None
) -> AsyncIterator[Names]:
    """Names that know all that the bucket has. `joins`: every instance reads a joining."""
    bucket = await AliasBucket.open(bus, makes=True)
    names = Names(log, bucket, account, may_join=_yes if joins else _no, file=file)
    running = asyncio.gather(names.run(), names.save(), *([names.order_joins(lambda _: True)] if joins else []))
    try:
        await asyncio.wait_for(names.ready.wait(), 60)
        yield names
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await bucket.close()
