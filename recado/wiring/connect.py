"""Connects to the bus: that of NATS_URL, or the embedded one of RECADO_DATA while recado runs there."""

from __future__ import annotations

from pathlib import Path

from events.jetstream.api import NO_MESSAGE, ApiRefused, MessageAnswer, call
from events.jetstream.connection import Bus
from events.jetstream.streams import EVENTS
from recado.embedded.server import find_bus
from recado.settings.settings import Settings


class NotRunning(Exception):
    """NATS_URL is not set and no embedded server runs on the data folder `data`."""

    def __init__(self, data: Path) -> None:
        super().__init__(f"recado is not running on {data.absolute()}: start it with `recado up`, or set NATS_URL")
        self.data = data


async def connect(settings: Settings) -> Bus:
    """A connection to the bus. Raises NotRunning, BusUnreachable, BusUntrusted, BusRefused, DataUnusable."""
    if settings.nats_url is not None:
        return await connect_to(settings.nats_url, settings)
    address = find_bus(settings.data)
    if address is None:
        raise NotRunning(settings.data)
    return await Bus.open(address.url, token=address.token)


async def connect_to(url: str, settings: Settings) -> Bus:
    """A connection to a server that recado did not start. Raises BusUnreachable, BusUntrusted, BusRefused."""
    return await Bus.open(
        url,
        creds=settings.nats_creds,
        ca=settings.nats_ca,
        inbox_prefix=settings.nats_inbox_prefix,
        api_prefix=settings.nats_api_prefix,
    )


async def last_of(bus: Bus, subject: str) -> int:
    """The sequence of the last event of `subject`; 0 if there is none."""
    try:
        answer = await call(bus, f"STREAM.MSG.GET.{EVENTS}", MessageAnswer, {"last_by_subj": subject})
    except ApiRefused as refused:
        if refused.fault.err_code == NO_MESSAGE:
            return 0
        raise
    return answer.message.seq
