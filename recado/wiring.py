"""Puts recado together: the only place that picks concrete classes, and where start and stop order can be read.

Everything is started from top to bottom and stopped from bottom to top.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from secrets import token_hex
from typing import Any

import structlog

from actors.bus_time import BusTime
from actors.instance import Instance
from actors.lease import Holder, Lease
from actors.ownership import Ownership
from actors.room import Room
from actors.router import Router
from events.bus import Bus
from events.jetstream_log import JetStreamLog
from projections.chat_reads import ChatReads
from projections.reader import Reader
from projections.runner import Runner
from recado.data_folder import DataFolder
from recado.embedded import EmbeddedNats
from recado.model import open_model
from recado.settings import Settings

log = structlog.get_logger("recado")

DRAIN = 5.0
"""Seconds that running turns have to finish when recado is stopped; later ones are adopted at the next start."""


async def run_up(settings: Settings) -> None:
    """NATS (embedded, unless NATS_URL is set), one instance, the simulated phones and the page, until stopped."""
    await _until_stopped(settings, up=True)


async def run_serve(settings: Settings) -> None:
    """One instance on NATS_URL, and its page, until stopped."""
    await _until_stopped(settings, up=False)


async def _until_stopped(settings: Settings, *, up: bool) -> None:
    stop = _stop_signal()
    tasks: list[asyncio.Task[Any]] = []
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_running(settings, tasks, up=up))
        waiting = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        log.info("stopping", patience=DRAIN)
    for task in done - {waiting}:
        task.result()


@asynccontextmanager
async def _running(settings: Settings, tasks: list[asyncio.Task[Any]], *, up: bool) -> AsyncIterator[None]:
    """Everything, in order. What runs on and on is in `tasks`; if one of them ends, recado is to stop."""
    async with AsyncExitStack() as stack:

        def keep(work: Coroutine[Any, Any, None]) -> None:
            task = asyncio.create_task(work)
            tasks.append(task)
            stack.push_async_callback(_end, task)

        folder = stack.enter_context(DataFolder.hold(settings.data))
        me = Holder(settings.instance or folder.instance_name, token_hex(4))

        # First what can fail for want of a setting, and takes longest.
        model = await stack.enter_async_context(open_model(settings))
        bus, log_bytes = await stack.enter_async_context(_bus(settings, folder))
        event_log = await JetStreamLog.open(bus, max_bytes=log_bytes)
        stack.push_async_callback(event_log.close)
        head = await event_log.head()

        reader = Reader(folder.path, lambda: runner.path)
        router: Router
        runner = Runner(event_log, folder.path, lambda batch: router.dispatch(batch))
        instance = Instance(
            incarnation=f"{me.instance}-{me.incarnation}",
            log=event_log,
            backend=model.backend,
            reads=ChatReads(reader),
            progress=runner,
            bus_time=BusTime(),
            fresh_id=lambda: token_hex(10),
            debounce=settings.debounce,
            run_timeout=settings.run_timeout,
            stale_after=settings.stale_after,
            history=settings.max_conversation_history,
            apology=settings.apology,
        )
        room = Room(instance)
        room.look(head)
        router = Router(instance)
        keep(runner.run())
        keep(room.watch())
        stack.push_async_callback(router.close)

        js = bus.jetstream(timeout=1.0)
        ownership = Ownership(Lease(js, "p.all", me), router, runner.caught_up.wait, runner.between_batches)
        keep(ownership.run())
        stack.push_async_callback(router.drain, DRAIN)
        log.info("started", instance=me.instance, model=model.name, local=model.local)
        yield


@asynccontextmanager
async def _bus(settings: Settings, folder: DataFolder) -> AsyncIterator[tuple[Bus, int | None]]:
    """The connection, and how large the log may become where that is ours to say."""
    async with AsyncExitStack() as stack:
        if settings.nats_url is not None:
            bus = await Bus.open(settings.nats_url, creds=settings.nats_creds)
            log_bytes = None
        else:
            server = await stack.enter_async_context(EmbeddedNats.start(folder))
            bus = await Bus.open(server.address.url, token=server.address.token)
            log_bytes = server.log_bytes
        stack.push_async_callback(bus.close)
        yield bus, log_bytes


def _stop_signal() -> asyncio.Event:
    """Set by the first Ctrl-C or SIGTERM; the second one ends the process at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop_once() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop_once)
    return stop


async def _end(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
