"""How fast messages may go out: to one person, and from the number as a whole. Pure: the time is given.

Meta's limits: 80 messages a second from a number; to one person 1 in 6 seconds, with bursts of 45 that are paid for by
waiting afterwards. https://developers.facebook.com/docs/whatsapp/cloud-api/overview#throughput
"""

from __future__ import annotations

PAIR_EVERY, PAIR_BURST = 6.0, 45
NUMBER_EVERY, NUMBER_BURST = 1 / 60, 10
"""In any second 60 and the burst of 10: some room below 80, since what leaves evenly may arrive in a heap."""

_MOST_PAIRS = 10_000


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

    def hold(self, until: float) -> None:
        """Nothing before `until`, and from then on no burst."""
        self._next = max(self._next, until + self._tolerance)

    def is_full(self, now: float) -> bool:
        """Whether it knows nothing that a new one would not."""
        return self._next <= now


class Pacing:
    """The buckets of one number."""

    def __init__(self) -> None:
        self._number = Bucket(NUMBER_EVERY, NUMBER_BURST)
        self._pairs: dict[str, Bucket] = {}

    def pair(self, chat: str, now: float) -> float:
        """Seconds until the person may be sent one more message."""
        return self._of(chat, now).take(now)

    def number(self, now: float) -> float:
        """Seconds until the number may send one more message."""
        return self._number.take(now)

    def hold(self, chat: str, now: float, seconds: float) -> None:
        """WhatsApp says that it was too much for this person."""
        self._of(chat, now).hold(now + seconds)

    def _of(self, chat: str, now: float) -> Bucket:
        if len(self._pairs) > _MOST_PAIRS:
            self._pairs = {each: bucket for each, bucket in self._pairs.items() if not bucket.is_full(now)}
        return self._pairs.setdefault(chat, Bucket(PAIR_EVERY, PAIR_BURST))
