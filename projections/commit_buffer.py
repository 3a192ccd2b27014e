"""Buffers events read from the log until they are committed. Delivers safe ones to live actors before the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import structlog
from pysqlite3 import dbapi2 as sqlite3

from events.inbound import Receipt
from events.log import EVERYTHING, Tail
from events.recorded import Recorded
from projections.reads.reader import ProjectionMissing
from projections.uncommitted import UncommittedMessages, may_go_early

LINGER = 0.02
"""Seconds for which events that no caller waits for are held back, to share a commit with the events after them. A
commit costs 0.3 ms and two changes of thread, for one event as for ten."""

_MOST = 10_000
"""Uncommitted events at which the buffer stops reading."""

log = structlog.get_logger("recado.projections")


class CommitBuffer:
    """Events in the order of the log, between the reader of the log and the writer of the file; both run on the loop.

    - `on_read`: gets events that may be delivered early, and returns whether a caller waits for their commit. None: no
      event is delivered early.
    - `is_delivered`: whether all events up to a sequence were delivered, and all is well; until then no event is
      delivered early.
    - `is_awaited`: whether a caller waits for an event in this buffer.
    """

    def __init__(
        self,
        on_read: Callable[[list[Recorded]], bool] | None,
        *,
        is_delivered: Callable[[int], bool],
        is_awaited: Callable[[], bool],
    ) -> None:
        self.uncommitted = UncommittedMessages()
        self.seen = 0
        """Sequence of the last event that was read."""
        self.delivered_early = 0
        """Sequence of the last event that was delivered early; all before it were delivered too."""
        self._on_read = on_read
        self._is_delivered = is_delivered
        self._others_wait = is_awaited
        self._events: list[Recorded] = []
        self._held_until = 0  # no event is delivered early before this one is delivered
        self._is_urgent = False  # an actor needs an event here that was not delivered early
        self._resting: asyncio.Future[None] | None = None
        self._has_room: asyncio.Future[None] | None = None

    def start_over(self) -> None:
        """Drop the events, which will be read again. Those that were delivered early are not delivered early again."""
        self._events, self._held_until = [], self.delivered_early
        self._is_urgent, self._has_room = False, None  # the reader that waited for room is gone

    async def read(self, tail: Tail, after: int) -> None:
        """Read the events after `after` until the log is closed, while the earlier ones are being written."""
        async with aclosing(tail(after, EVERYTHING)) as batches:
            async for batch in batches:
                is_first = not self._events
                self._events += batch
                self.seen = batch[-1].seq
                self._is_urgent |= self._deliver_early(batch)
                if is_first or self._is_awaited():
                    self.hurry()
                while len(self._events) >= _MOST:
                    self._has_room = asyncio.get_running_loop().create_future()
                    await self._has_room

    async def gather(self, reading: asyncio.Task[None], patience: float) -> list[Recorded]:
        """All events here, and those that come within LINGER unless a caller waits; none if none come within `patience`
        seconds or before `reading` has ended."""
        if not self._events and not reading.done():
            await self._rest(patience)
        if self._events and not self._is_awaited() and not reading.done():
            await self._rest(LINGER)
        batch, self._events, self._is_urgent = self._events, [], False
        if self._has_room is not None:
            self._has_room.set_result(None)
            self._has_room = None
        return batch

    def hurry(self, *_: object) -> None:
        """Wake `gather`: events are here, or a caller waits for them."""
        if self._resting is not None and not self._resting.done():
            self._resting.set_result(None)

    def _deliver_early(self, batch: list[Recorded]) -> bool:
        """Deliver the batch early if that is safe. Returns whether a caller waits for its commit."""
        is_news = batch[0].seq > self.delivered_early  # a new file may lag behind the one before it
        if self._on_read is not None and is_news and self._is_delivered(self._held_until) and may_go_early(batch):
            self.uncommitted.add(batch)
            try:
                waits = self._on_read(batch)
            except (sqlite3.DatabaseError, ProjectionMissing) as error:
                log.warning("projection_not_asked", reason=str(error))
            else:
                self.delivered_early = self.seen
                return waits
        self._held_until = self.seen
        return any(recorded.side == "i" and not isinstance(recorded.event, Receipt) for recorded in batch)

    def _is_awaited(self) -> bool:
        return self._is_urgent or len(self._events) >= _MOST or self._others_wait()

    async def _rest(self, seconds: float) -> None:
        """Return after `seconds`, or when hurried."""
        loop = asyncio.get_running_loop()
        self._resting = loop.create_future()
        timer = loop.call_later(seconds, self.hurry)
        try:
            await self._resting
        finally:
            timer.cancel()
