"""Work that one process at a time does: begun when its lease is taken, dropped when it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from actors.leases.lease import Lease


async def while_held(lease: Lease, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `work` anew each time the lease is taken, and cancel it when the lease is lost.

    Ends as `work` ends, or as the keeping of the lease does.
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
    """Do all of them until the first one ends, as that one does."""
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
