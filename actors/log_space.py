"""Space in the log: below 90 % turns start and messages are taken, above it only turns that have begun are finished."""

from __future__ import annotations

import asyncio

import structlog
from prometheus_client import Gauge

from actors.instance import Instance
from events.log import Head, LogUnavailable
from events.phrases import Phrase

log = structlog.get_logger("recado.log")

WARN_AT, FULL_AT = 0.7, 0.9
"""Shares of the log's `max_bytes`."""

_size = Gauge("recado_log_bytes", "Bytes in the log.")
_limit = Gauge("recado_log_max_bytes", "Bytes that the log may hold; 0 if there is no limit.")


class LogSpace:
    """Reads the log's head every `every` seconds, sets the bus's clock and tells the instance whether there is room."""

    def __init__(self, instance: Instance, *, every: float = 10.0) -> None:
        self._instance = instance
        self._every = every
        self.share = 0.0
        self.unavailable: Phrase | None = None
        """Reason for which the last look failed; None if it succeeded."""

    @property
    def is_full(self) -> bool:
        return self.share >= FULL_AT

    def look(self, head: Head) -> None:
        """Take in the log's head."""
        self.unavailable = None
        before, self.share = self.share, head.size / head.limit if head.limit else 0.0
        _size.set(head.size)
        _limit.set(head.limit)
        self._instance.bus_time.observe(head.now)
        self._instance.has_room = not self.is_full
        for mark, consequence in ((WARN_AT, "none yet"), (FULL_AT, "no new turns, inbound messages are refused")):
            if before < mark <= self.share:
                log.warning("log_fills_up", share=round(self.share, 3), limit=head.limit, consequence=consequence)
            elif self.share < mark <= before:
                log.info("log_has_room_again", share=round(self.share, 3), limit=head.limit)

    async def watch(self) -> None:
        """Look for ever, also after the log did not answer."""
        while True:
            try:
                self.look(await self._instance.log.head())
            except LogUnavailable as error:
                self.unavailable = error.reason
                log.warning("log_unavailable", reason=str(error))
            await asyncio.sleep(self._every)
