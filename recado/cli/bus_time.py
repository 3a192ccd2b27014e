"""Asks the bus for commands that read the projection: its time, since this machine's clock may be wrong, the tokens of
documents and the users, which are in no projection of chats."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import UTC, datetime

import structlog

from events.jetstream.connection import Bus, BusRefused, BusUnreachable, BusUntrusted
from events.jetstream.vectors import JetStreamVectors
from events.log import LogError
from events.users import Takers
from events.vectors import Counted
from recado.cli.assignee import stored_users
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


def documents_counted(chosen: Settings, since: str) -> list[Counted]:
    """The tokens that vectors of documents have cost, from the day `since` on; without the bus none, with a warning."""
    try:
        return run(_counted(chosen, since))
    except (NotRunning, BusUnreachable, BusUntrusted, BusRefused, DataUnusable, LogError) as error:
        log.warning("documents_not_counted", reason=str(error))
        return []


def takers(chosen: Settings) -> Takers | None:
    """The users who may have chats; None: any name may. Without the bus any name, with a warning."""
    try:
        return run(_takers(chosen))
    except (NotRunning, BusUnreachable, BusUntrusted, BusRefused, DataUnusable, LogError) as error:
        log.warning("users_unknown", reason=str(error), then="a chat that has a name counts as assigned")
        return None


async def _takers(chosen: Settings) -> Takers | None:
    bus = await connect(chosen)
    try:
        return (await stored_users(bus)).all_takers
    finally:
        await bus.close()


async def _counted(chosen: Settings, since: str) -> list[Counted]:
    async with AsyncExitStack() as stack:
        bus = await connect(chosen)
        stack.push_async_callback(bus.close)
        shared = await JetStreamVectors.open(bus)
        stack.push_async_callback(shared.close)
        return await shared.counted(since)


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
