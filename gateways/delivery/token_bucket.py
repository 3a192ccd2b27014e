"""A token bucket that limits the rate of outgoing messages. Pure: callers pass the time."""

from __future__ import annotations


class Bucket:
    """`burst` messages at once, and one more every `every` seconds."""

    def __init__(self, every: float, burst: int) -> None:
        self._every = every
        self._tolerance = every * (burst - 1)
        self._next = 0.0

    def take(self, now: float) -> float:
        """Seconds from `now` until one message may go; it is counted. (GCRA, as in ATM's traffic policing.)"""
        at = max(now, self._next - self._tolerance)
        self._next = max(self._next, at) + self._every
        return at - now

    def wait(self, now: float) -> float:
        """Seconds from `now` until one message may go."""
        return max(now, self._next - self._tolerance) - now

    def count(self, now: float, most: float) -> None:
        """Count a message that waits for nothing; others wait `most` seconds for such messages at the longest."""
        latest = now + self._tolerance + most
        self._next = max(self._next, min(max(self._next, now) + self._every, latest))

    def hold(self, until: float) -> None:
        """Let nothing go before `until`, and no burst then."""
        self._next = max(self._next, until + self._tolerance)

    def is_full(self, now: float) -> bool:
        """True if the bucket behaves like a new one."""
        return self._next <= now
