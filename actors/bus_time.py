"""The bus's clock: the server's stamps plus the time elapsed here since. A host's own clock is never asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def boot_seconds() -> float:
    """Seconds since boot that go on while the machine sleeps, where the system counts them (Linux)."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class BusTime:
    """Time as the log's server stamps it; never runs backwards.

    Untold, it starts at the beginning of time, so `observe` the log's head before asking for `now`.
    """

    def __init__(self, seconds: Callable[[], float] = boot_seconds) -> None:
        self._seconds = seconds
        self._stamp = datetime.min.replace(tzinfo=UTC)
        self._seen_at = seconds()

    def observe(self, stamp: datetime) -> None:
        """The server's clock showed `stamp`, now or earlier."""
        if stamp > self.now():
            self._stamp, self._seen_at = stamp, self._seconds()

    def now(self) -> datetime:
        """The bus's time, at most as far behind as the last stamp took to get here."""
        return self._stamp + timedelta(seconds=self._seconds() - self._seen_at)
