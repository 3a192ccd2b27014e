"""The log for the length of a command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from events.bus import Bus
from events.jetstream_api import NO_MESSAGE, ApiRefused, MessageAnswer, call
from events.jetstream_log import JetStreamLog
from events.jetstream_streams import EVENTS
from events.log import EventLog
from recado.bus import connect
from recado.settings import Settings


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


async def last_of(bus: Bus, subject: str) -> int:
    """The sequence of the last event of `subject`; 0 if there is none."""
    try:
        answer = await call(bus, f"STREAM.MSG.GET.{EVENTS}", MessageAnswer, {"last_by_subj": subject})
    except ApiRefused as refused:
        if refused.fault.err_code == NO_MESSAGE:
            return 0
        raise
    return answer.message.seq
