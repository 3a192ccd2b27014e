"""One reading of the log for all parts of a process that follow it.

Each part has its own pace and its own place: a gateway hears of a reply before the projection has committed it, and
while a projection is rebuilt. A part that is not at the end of the log yet, or that cannot keep up, reads the log by
itself until it is there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import structlog

from events.log import EVERYTHING, EventLog, Head, LogUnavailable
from events.recorded import Recorded
from events.subjects import untoken

MOST = 10_000
"""Events that wait for one reader. A slower one reads the log by itself, so that it holds up no other."""

_AGAIN_AFTER = 1.0
_BATCH = 1000
_NOWHERE = 2**63

log = structlog.get_logger("recado.log")


class SharedTail:
    """Reads `log` once, from its end on, for everyone who calls `tail`. Await `run` for the life of the process."""

    def __init__(self, log: EventLog, *, most: int = MOST) -> None:
        self._log = log
        self._most = most
        self._at = _NOWHERE  # the sequence up to which events were handed on
        self._places: dict[str | None, list[_Place]] = {}
        self._is_over = False
        self._error: BaseException | None = None

    async def run(self) -> None:
        """Read until the log is closed. Raises LogMismatch."""
        try:
            self._at = (await self._head()).last
            async with aclosing(self._log.tail(self._at)) as batches:
                async for batch in batches:
                    self._hand_on(batch)
        except BaseException as error:
            self._error = error if isinstance(error, Exception) else None
            raise
        finally:
            self._is_over = True
            for place in self._all():
                place.wake()

    def tail(self, after: int, subject: str = EVERYTHING) -> AsyncGenerator[list[Recorded], None]:
        """As EventLog.tail. EVERYTHING and the filters of one account share the reading; any other has one of its
        own."""
        wanted = _wanted(subject)
        return self._log.tail(after, subject) if wanted is None else self._share(after, subject, *wanted)

    async def _share(
        self, after: int, subject: str, account: str | None, wants: Callable[[Recorded], bool]
    ) -> AsyncGenerator[list[Recorded], None]:
        place = _Place(wants, self._most)
        self._places.setdefault(account, []).append(place)
        try:
            while True:
                place.begin(self._at)
                if after < place.since:
                    async with aclosing(self._log.tail(after, subject)) as batches:
                        async for batch in batches:
                            after = batch[-1].seq
                            yield batch
                            if place.missed:
                                place.begin(self._at)
                            if after >= place.since:
                                break
                        else:
                            return
                while not place.missed:
                    if batch := place.take(after):
                        after = batch[-1].seq
                        yield batch
                    elif self._is_over:
                        if self._error is not None:
                            raise self._error
                        return
                    else:
                        await place.filled()
        finally:
            self._places[account].remove(place)

    async def _head(self) -> Head:
        while True:
            try:
                return await self._log.head()
            except LogUnavailable as outage:
                log.warning("log_unavailable", reason=str(outage), retry_in=_AGAIN_AFTER)
                await asyncio.sleep(_AGAIN_AFTER)

    def _hand_on(self, batch: list[Recorded]) -> None:
        self._at = batch[-1].seq
        for place in self._places.get(None, ()):
            place.put(batch)
        for recorded in batch:
            for place in self._places.get(recorded.key.account, ()):
                if place.wants(recorded):
                    place.put([recorded])

    def _all(self) -> list[_Place]:
        return [place for places in self._places.values() for place in places]


class _Place:
    """The events that wait for one reader.

    - `since`: every event after this sequence that it wants is here, or was.
    - `missed`: there were too many, so that it has to read the log by itself.
    """

    def __init__(self, wants: Callable[[Recorded], bool], most: int) -> None:
        self.wants = wants
        self.since = _NOWHERE
        self.missed = True
        self._most = most
        self._waiting: deque[Recorded] = deque()
        self._filled = asyncio.Event()

    def begin(self, at: int) -> None:
        """Keep the events after `at`; none yet if the shared reading has not begun."""
        self._waiting.clear()
        self.since, self.missed = at, at == _NOWHERE

    def put(self, batch: list[Recorded]) -> None:
        if self.missed:
            return
        self._waiting.extend(batch)
        if len(self._waiting) > self._most:
            self._waiting.clear()
            self.since, self.missed = _NOWHERE, True
        self._filled.set()

    def take(self, after: int) -> list[Recorded]:
        """The next events after this sequence."""
        while self._waiting and self._waiting[0].seq <= after:
            self._waiting.popleft()
        return [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]

    async def filled(self) -> None:
        """Return when there may be something new."""
        self._filled.clear()
        if not self._waiting and not self.missed:
            await self._filled.wait()

    def wake(self) -> None:
        self._filled.set()


def _wanted(subject: str) -> tuple[str | None, Callable[[Recorded], bool]] | None:
    """The account of a filter (None: all), and whether it matches an event of that account; None for other filters."""
    if subject == EVERYTHING:
        return None, lambda _: True
    evt, partition, account, chat, side, type_ = subject.split(".")
    if (evt, partition, chat) != ("evt", "*", "*") or account == "*":
        return None
    return untoken(account), lambda recorded: side in ("*", recorded.side) and type_ in ("*", recorded.type)
