"""Meta's limits, counted on the receiving side: 80 messages in any second, and the pair rate with its bursts.

With `counts_inbound` the messages of webhooks count too, as Meta says; tests of something else, which send hundreds at
once, do without.
"""

from __future__ import annotations

from collections import deque

import msgspec


class Limits:
    """`number` messages in any second; to one person `burst` at once and 1 every `pair_every` seconds."""

    def __init__(
        self, number: int = 80, pair_every: float = 6.0, burst: int = 45, *, counts_inbound: bool = False
    ) -> None:
        self.number = number
        self.pair_every = pair_every
        self.burst = burst
        self.counts_inbound = counts_inbound
        self._last: deque[float] = deque()
        self._pairs: dict[str, tuple[float, float]] = {}

    def came_in(self, webhook: bytes, now: float) -> None:
        """Count the messages of a webhook."""
        if self.counts_inbound:
            changes = [one for entry in msgspec.json.decode(webhook)["entry"] for one in entry["changes"]]
            self._last.extend(now for one in changes for _ in one["value"].get("messages", ()))

    def room(self, now: float) -> bool:
        """Whether the second that ends now has had fewer messages than it may."""
        while self._last and self._last[0] <= now - 1.0:
            self._last.popleft()
        return len(self._last) < self.number

    def code(self, to: str, now: float) -> int | None:
        """The error that a message to this person gets at this time; None if it is taken, and then it is counted."""
        if not self.room(now):
            return 130429
        tokens, at = self._pairs.get(to, (float(self.burst), now))
        tokens = min(float(self.burst), tokens + (now - at) / self.pair_every)
        if tokens < 1:
            self._pairs[to] = (tokens, now)
            return 131056
        self._pairs[to] = (tokens - 1, now)
        self._last.append(now)
        return None
