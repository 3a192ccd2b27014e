"""The time for commands that read the projection: the bus's, as everywhere, since this machine's clock may be wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from events.jetstream.connection import Bus, BusRefused, BusUnreachable, BusUntrusted
from recado.cli.session import run
from recado.doctor.bus import log_now
from recado.embedded.data_folder import DataUnusable
from recado.settings.settings import Settings
from recado.wiring.connect import NotRunning, connect

log = structlog.get_logger("recado.bus_time")


def bus_now(chosen: Settings) -> datetime:
    """The bus's time; without the bus this machine's, with a warning."""
    return run(_asked(chosen))


async def now_on(bus: Bus) -> datetime:
    """The time of a bus; of one without a log this machine's, with a warning."""
    found = await log_now(bus)
    return found[1] if found is not None else _here("the bus has no log that can be read")


async def _asked(chosen: Settings) -> datetime:
    try:
        bus = await connect(chosen)
    except (NotRunning, BusUnreachable, BusUntrusted, BusRefused, DataUnusable) as error:
        return _here(str(error))
    try:
        return await now_on(bus)
    finally:
        await bus.close()


def _here(reason: str) -> datetime:
    log.warning("counted_by_this_machines_clock", reason=reason)
    return datetime.now(UTC)
