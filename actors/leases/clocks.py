"""The bus's clock: the server's last stamp plus the time elapsed here since. The host's own clock is never read."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def boot_seconds() -> float:
    """Seconds since boot. They include sleep of the machine where the system counts it (Linux)."""
    return time.clock_gettime(_CLOCK)


JUMP = timedelta(seconds=60)
"""A stamp that lies this far before our time means that the server's clock was corrected, and we follow it back."""


class BusTime:
    """Time as the log's server stamps it. It runs backwards only when the server's clock was corrected.

    It starts in 1970, so `observe` the log's head before asking for `now`.
    """

    def __init__(self, seconds: Callable[[], float] = boot_seconds) -> None:
        self._seconds = seconds
        self._stamp = datetime.fromtimestamp(0, UTC)
        self._seen_at = seconds()

    def observe(self, stamp: datetime) -> None:
        """Take in a `stamp` of the server's clock. An answer's delay does not turn time back; a jump does."""
        now = self.now()
        if stamp > now or now - stamp > JUMP:
            self._stamp, self._seen_at = stamp, self._seconds()

    def now(self) -> datetime:
        """The bus's time, late by at most the delay of the last stamp."""
        return self._stamp + timedelta(seconds=self._seconds() - self._seen_at)
