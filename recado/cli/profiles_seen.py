"""The profiles in force for commands that read the projection: they are on the bus, which may be away."""

from __future__ import annotations

import structlog

from events.jetstream.connection import Bus, BusRefused, BusUnreachable, BusUntrusted
from events.log import LogError
from events.profile import InForce
from recado.cli.meant_profile import in_force_on
from recado.cli.session import run
from recado.embedded.data_folder import DataUnusable
from recado.settings.settings import Settings
from recado.wiring.connect import NotRunning, connect

log = structlog.get_logger("recado.profiles")


def profiles_in_force(chosen: Settings) -> InForce | None:
    """The profiles in force; None without the bus, with a warning."""
    return run(_asked(chosen))


async def _asked(chosen: Settings) -> InForce | None:
    bus: Bus | None = None
    try:
        bus = await connect(chosen)
        return await in_force_on(bus)
    except (NotRunning, BusUnreachable, BusUntrusted, BusRefused, DataUnusable, LogError) as error:
        log.warning("profiles_unknown", reason=str(error))
        return None
    finally:
        if bus is not None:
            await bus.close()
