"""RECADO_RETENTION: the owner of a chat without events for that time orders its erasure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from events.inbound import Control
from events.log import EventLog, LogError
from events.subjects import ChatKey
from projections.reads.queries import Queries
from projections.reads.reader import ProjectionMissing, Reader

BY = "retention"

_OFTEN, _SELDOM = 1.0, 3600.0
_AT_ONCE = 1000

log = structlog.get_logger("recado.retention")


async def retain(
    event_log: EventLog,
    folder: Path,
    kept: timedelta,
    *,
    ready: asyncio.Event,
    owned: Callable[[], Collection[int]],
    now: Callable[[], datetime],
) -> None:
    """Once `ready`, order the erasure of owned chats without events for `kept`, again and again until cancelled.

    The pause is a tenth of `kept`, from a second to an hour. The order bears the time since which the chat must have
    had no events, so a person who writes meanwhile keeps the chat. A repeated order has the same id, so it is obeyed
    once.
    """
    pause = min(max(kept.total_seconds() / 10, _OFTEN), _SELDOM)
    await ready.wait()
    while True:
        before = now() - kept
        try:
            for key, last_at in await asyncio.to_thread(_idle, folder, before, frozenset(owned())):
                id_ = f"{BY}:{last_at:%Y%m%dT%H%M%S.%f}"
                control = Control(id=id_, command="erase", until=before, by=BY)
                await event_log.publish(key, control, msg_id=f"control:{key.account}:{key.chat}:{id_}")
                log.info("outlived", chat=key.chat, last_at=last_at.isoformat())
        except (LogError, ProjectionMissing) as error:
            log.warning("retention_waits", reason=str(error), retry_in=pause)
        await asyncio.sleep(pause)


def _idle(folder: Path, before: datetime, partitions: Collection[int]) -> tuple[tuple[ChatKey, datetime], ...]:
    with closing(Reader(folder)) as reader:
        return Queries(reader).idle(before, partitions, _AT_ONCE)
