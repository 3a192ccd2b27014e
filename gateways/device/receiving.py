"""Hands events from whatsmeow's thread to the loop, one after the other, without losing one.

neonize starts a handler for each event and forgets it: its exceptions vanish, and nothing slows whatsmeow down. Here
the thread that brings an event waits until the event is handled. So at most the hundred events that neonize holds, and
those that whatsmeow works on, are acknowledged to WhatsApp before the log has them.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import structlog
from neonize.aioze.client import NewAClient

_LOOK_EVERY = 0.5
"""Seconds after which a waiting thread checks whether the gateway is being closed."""

log = structlog.get_logger("recado.gateway")


class Receiving:
    """Hands the events of `client` of these `types` to `receive`, in order."""

    def __init__(
        self, client: NewAClient, types: Iterable[type[Any]], receive: Callable[[Any], Awaitable[None]]
    ) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._closed = False
        self._execute = client.event.execute
        for type_ in types:
            client.event(type_)(self._take)
        client.event.execute = self._on_event

    async def run(self) -> None:
        """Handle events until cancelled. Exceptions of `receive` pass through; the event then stays unhandled."""
        while True:
            event = await self._queue.get()
            await self._receive(event)
            self._queue.task_done()

    def close(self) -> None:
        """Release the waiting thread."""
        self._closed = True

    async def _take(self, _client: NewAClient, event: Any) -> None:
        self._queue.put_nowait(event)

    def _on_event(self, uuid: int, binary: int, size: int, code: int) -> None:
        """Hand an event over; return when it is handled. Called on whatsmeow's thread."""
        try:
            self._execute(uuid, binary, size, code)
        except Exception:  # exceptions of a callback vanish; neonize's own parsing of the bytes may raise here
            log.exception("device_event_lost", code=code, size=size)
            return
        dealt_with = self._on_loop(self._queue.join())
        while dealt_with is not None and not self._closed:
            try:
                dealt_with.result(_LOOK_EVERY)
            except concurrent.futures.TimeoutError:
                continue
            except concurrent.futures.CancelledError:
                pass
            return

    def _on_loop(self, work: Coroutine[Any, Any, None]) -> concurrent.futures.Future[None] | None:
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # the loop is closed: the process ends
            work.close()
            return None
