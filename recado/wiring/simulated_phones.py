"""The simulated phones of the page, in an instance whose account has no gateway."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from actors.leases.lease import Lease
from events.log import EventLog
from gateways.delivery.checkpoint import CheckpointFile
from gateways.delivery.delivery import Delivery
from gateways.local.messages import messages_of
from gateways.local.simulator import Simulator
from gateways.names.names import Names
from recado.settings.settings import Settings
from recado.wiring.lifecycle import while_held


async def simulated_phones(
    settings: Settings,
    event_log: EventLog,
    names: Names,
    lease: Lease,
    keep: Callable[[Coroutine[Any, Any, None]], object],
) -> Simulator:
    """The phones; their gateway runs while it holds its lease."""
    CheckpointFile(settings.data, settings.account).begin(await event_log.head())
    simulator = Simulator(event_log, settings.account, names)
    keep(while_held(lease, lambda: _deliver(event_log, settings, simulator)))
    return simulator


async def _deliver(event_log: EventLog, settings: Settings, simulator: Simulator) -> None:
    await Delivery(event_log, settings.account, simulator, data_dir=settings.data, split=messages_of).run()
