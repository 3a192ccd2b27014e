"""Waits that end early when the gateway is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import structlog

from events.log import EventLog, Head, LogUnavailable

_OUTAGE_PAUSE = 1.0

T = TypeVar("T")

log = structlog.get_logger("recado.gateway")


async def where_the_log_stands(event_log: EventLog, account: str, stopping: asyncio.Event) -> Head | None:
    """The log's head, asked for until the log answers; None if `stopping` is set first."""
    while not stopping.is_set():
        try:
            return await event_log.head()
        except LogUnavailable as outage:
            log.warning("log_unavailable", account=account, reason=str(outage), retry_in=_OUTAGE_PAUSE)
        with suppress(TimeoutError):
            async with asyncio.timeout(_OUTAGE_PAUSE):
                await stopping.wait()
    return None


async def unless_stopped(work: Coroutine[Any, Any, T], stopping: asyncio.Event) -> T | None:
    """The result of `work`; None if `stopping` is set first. Exceptions of `work` pass through."""
    doing, waiting = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        result = doing.result() if doing.done() else None
        return None if stopping.is_set() else result
    finally:
        await end(doing, waiting)


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel them, and return when they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
