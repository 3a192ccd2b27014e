"""The pauses of a loop that tries until it succeeds.

tenacity, which the backends use, takes 50 µs even where the first try succeeds: too much for every append.
"""

from __future__ import annotations

import asyncio


class Backoff:
    """Pauses that double from `first` to `longest` seconds; `seconds` is the next one."""

    __slots__ = ("_first", "_longest", "seconds")

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self.seconds = first

    def grow(self) -> None:
        self.seconds = min(self.seconds * 2, self._longest)

    def reset(self) -> None:
        self.seconds = self._first

    async def wait(self) -> None:
        """Sleep for the next pause; the one after it is longer."""
        await asyncio.sleep(self.seconds)
        self.grow()
