"""The common parts of gateways: they join the log that an instance made, and run while they hold a lease."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from secrets import token_hex
from typing import Any

from actors.leases.bucket import LeaseBucket
from actors.leases.lease import Lease
from actors.leases.members import Holder
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.subjects import token
from recado.settings.settings import Settings
from recado.wiring.connect import connect
from recado.wiring.lifecycle import Lifetime, bus_closed, while_held

DRAIN = 35.0
"""Seconds for the outcomes of messages that are being sent when the gateway is stopped; later ones are in doubt."""


async def join(life: Lifetime, settings: Settings) -> tuple[Bus, JetStreamLog]:
    """The bus and its log, until the process ends."""
    bus = await connect(settings)
    life.stack.push_async_callback(bus.close)
    event_log = await JetStreamLog.join(bus)
    life.stack.push_async_callback(event_log.close)
    return bus, event_log


def keep_gateway(
    life: Lifetime,
    bus: Bus,
    kind: str,
    account: str,
    *,
    work: Callable[[], Coroutine[Any, Any, None]],
    stop: Callable[[], bool],
) -> None:
    """Run `work` while the lease of the account's gateway is held, each time that it is taken.

    `stop` begins to stop it; it returns whether messages may be on the wire, which then have DRAIN seconds.
    """
    # A name of its own for each start: a second gateway waits instead of taking the first one's lease.
    holder = Holder(f"{kind}-{token_hex(4)}", token_hex(4))
    running = life.keep(while_held(Lease(LeaseBucket(bus, makes=False), f"g.{token(account)}", holder), work))
    life.keep(bus_closed(bus))

    async def drain() -> None:
        if stop():
            await asyncio.wait([running], timeout=DRAIN)

    life.on_stop(drain)
