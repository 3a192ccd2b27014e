"""What ends a process that runs until it is stopped: a signal, or a bus that sends it away."""

from __future__ import annotations

import asyncio
import signal

from events.jetstream.connection import Bus


class BusClosed(Exception):
    """The NATS server has sent us away for good (expired credentials, say); `reason` is what it said."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the NATS server ended the connection for good: {reason}. Check NATS_CREDS and start again")
        self.reason = reason


async def bus_closed(bus: Bus) -> None:
    """Raises BusClosed when the connection is closed by the other side; an outage is no such thing."""
    closed = asyncio.Event()
    bus.watch(lambda standing: None if standing or not bus.is_closed else closed.set())
    await closed.wait()
    raise BusClosed(str(bus.last_error or "it gave no reason"))


def stop_signal() -> asyncio.Event:
    """Set by the first Ctrl-C or SIGTERM; the second one ends the process at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop_once() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop_once)
    return stop
