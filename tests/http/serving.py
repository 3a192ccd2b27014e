"""An app on loopback that a test without a loop of its own can call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager


@contextmanager
def served(serve: Callable[[], AbstractAsyncContextManager[str]]) -> Iterator[str]:
    """The address of what `serve` serves, in a thread with a loop, until the block is left."""
    ready, ended = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    addresses: list[str] = []

    async def run() -> None:
        try:
            async with serve() as address:
                addresses.append(address)
                ready.set()
                await ended.wait()
        finally:
            ready.set()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=work, name="served")
    thread.start()
    ready.wait()
    try:
        yield addresses[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
