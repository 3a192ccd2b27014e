"""Meta's limits, counted on the receiving side: 80 messages in any second, and the pair rate with its bursts."""

from __future__ import annotations

from collections import deque


class Limits:
    """`number` messages in any second; to one person `burst` at once and 1 every `pair_every` seconds."""

    def __init__(self, number: int = 80, pair_every: float = 6.0, burst: int = 45) -> None:
        self.number = number
        self.pair_every = pair_every
        self.burst = burst
        self._last: deque[float] = deque()
        self._pairs: dict[str, tuple[float, float]] = {}

    def code(self, to: str, now: float) -> int | None:
        """The error that a message to this person gets at this time; None if it is taken, and then it is counted."""
        while self._last and self._last[0] <= now - 1.0:
            self._last.popleft()
        if len(self._last) >= self.number:
            return 130429
        tokens, at = self._pairs.get(to, (float(self.burst), now))
        tokens = min(float(self.burst), tokens + (now - at) / self.pair_every)
        if tokens < 1:
            self._pairs[to] = (tokens, now)
            return 131056
        self._pairs[to] = (tokens - 1, now)
        self._last.append(now)
        return None
