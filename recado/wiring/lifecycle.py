"""Start and stop of the parts of a process: signals, a closed bus, and work that runs while a lease is held."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import structlog

from actors.leases.lease import Lease
from events.jetstream.connection import Bus
from gateways.until_stopped import end

log = structlog.get_logger("recado")


class Lifetime:
    """The parts of a process that runs until it is stopped. An instance and gateways may share one.

    - `stack`: its entries end in reverse order.
    """

    def __init__(self, stack: AsyncExitStack) -> None:
        self.stack = stack
        self._tasks: list[asyncio.Task[None]] = []
        self._drains: list[Callable[[], Awaitable[None]]] = []

    def keep(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work`; the process is stopped when it ends, and `work` is cancelled when the process is stopped."""
        task = asyncio.create_task(work)
        self._tasks.append(task)
        self.stack.push_async_callback(end, task)
        return task

    def on_stop(self, drain: Callable[[], Awaitable[None]]) -> None:
        """Await `drain` when the process is stopped, while everything still runs."""
        self._drains.append(drain)

    async def stopped(self, stop: asyncio.Event) -> set[asyncio.Task[None]]:
        """The kept tasks that ended by themselves; empty if `stop` came first."""
        waiting = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([waiting, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return {task for task in self._tasks if task in done}

    async def drain(self) -> None:
        await asyncio.gather(*(drain() for drain in self._drains))


async def until_stopped(start: Callable[[Lifetime], Awaitable[None]], *, patience: float) -> None:
    """Start a process and keep it until Ctrl-C, SIGTERM, or the end of a kept task, whose exception passes through.

    `patience` is logged: the seconds that work under way has to finish.
    """
    stop = stop_signal()
    async with AsyncExitStack() as stack:
        life = Lifetime(stack)
        await start(life)
        ended = await life.stopped(stop)
        log.info("stopping", patience=patience)
        await life.drain()
    for task in ended:
        task.result()


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
                await end(running)
                running = None
    finally:
        # The lease is kept until the work has ended: no other process may do it meanwhile.
        if running is not None:
            await end(running)
        await end(keeping)


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """Run all works until the first one ends; an exception of that one passes through."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            await end(task)
