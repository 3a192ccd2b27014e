"""Start and stop of a process's work: signals, a closed bus, and work that runs while a lease is held."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from actors.leases.lease import Lease
from events.jetstream.connection import Bus


class BusClosed(Exception):
    """The NATS server closed the connection for good (expired credentials, for example); `reason` is its message."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the NATS server ended the connection for good: {reason}. Check NATS_CREDS and start again")
        self.reason = reason


async def bus_closed(bus: Bus) -> None:
    """Raises BusClosed when the server closes the connection for good. An outage does not count."""
    closed = asyncio.Event()
    bus.watch(lambda standing: None if standing or not bus.is_closed else closed.set())
    await closed.wait()
    raise BusClosed(str(bus.last_error or "it gave no reason"))


def stop_signal() -> asyncio.Event:
    """An event that the first Ctrl-C or SIGTERM sets; the second one ends the process at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop_once() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop_once)
    return stop


async def while_held(lease: Lease, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `work` each time the lease is taken, and cancel it when the lease is lost.

    Ends when `work` or the keeping of the lease ends, with its exception if it has one.
    """
    changed = asyncio.Event()
    keeping = asyncio.create_task(lease.keep(changed.set, changed.set))
    running: asyncio.Task[None] | None = None
    try:
        while True:
            waiting = asyncio.create_task(changed.wait())
            ends = {waiting, keeping} | ({running} if running else set())
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if keeping.done():
                return keeping.result()
            if running is not None and running.done():
                return running.result()
            changed.clear()
            if lease.held and running is None:
                running = asyncio.create_task(work())
            elif not lease.held and running is not None:
                await _end(running)
                running = None
    finally:
        if running is not None:
            await _end(running)
        await _end(keeping)


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """Run all works until the first one ends; an exception of that one passes through."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            await _end(task)


async def _end(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
