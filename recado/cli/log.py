"""Opens the log for the length of a command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import EventLog
from recado.settings.settings import Settings
from recado.wiring.connect import connect


class OpenLog(NamedTuple):
    """The log, and the bus that it is on."""

    log: EventLog
    bus: Bus


@asynccontextmanager
async def open_log(settings: Settings) -> AsyncIterator[OpenLog]:
    """The log on NATS_URL or, without it, on the embedded server of RECADO_DATA.

    Raises NotRunning, BusUnreachable, BusRefused, LogMismatch, LogUnavailable.
    """
    bus = await connect(settings)
    try:
        log = await JetStreamLog.open(bus)
        try:
            yield OpenLog(log, bus)
        finally:
            await log.close()
    finally:
        await bus.close()
