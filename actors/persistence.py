"""Tries again until the log takes something: for work that stays pending through every crash."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from actors.instance import Instance
from events.backoff import Backoff
from events.log import LogError

_LONGEST_PAUSE = 30.0

_Found = TypeVar("_Found")
log = structlog.get_logger("recado.actors")


async def persistently(instance: Instance, at: str, work: Callable[[], Awaitable[_Found]]) -> _Found:
    """The result of `work`, which is tried again while the log refuses it. Raises Fenced."""
    pause = Backoff(0.1, _LONGEST_PAUSE)
    while True:
        instance.fence.check()
        try:
            return await work()
        except LogError as refusal:
            log.warning("work_waits", at=at, reason=str(refusal), retry_in=pause.seconds)
        await pause.wait()
