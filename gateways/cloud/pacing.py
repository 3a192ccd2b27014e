"""Rate limits for outgoing messages: to one person, and from the number as a whole. Pure: callers pass the time.

Meta's limits: 80 messages a second from a number; 1 in 6 seconds to one person, with bursts of 45 that later waiting
makes up for. https://developers.facebook.com/docs/whatsapp/cloud-api/overview#throughput
"""

from __future__ import annotations

from gateways.delivery.token_bucket import Bucket

PAIR_EVERY, PAIR_BURST = 6.0, 45
NUMBER_EVERY, NUMBER_BURST = 1 / 60, 10
"""In any second 60 and the burst of 10: below Meta's 80, because messages that leave evenly may arrive in a burst."""

_MOST_PAIRS = 10_000


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
        """Send nothing to the person for `seconds`: WhatsApp has refused more messages to them."""
        self._of(chat, now).hold(now + seconds)

    def _of(self, chat: str, now: float) -> Bucket:
        if len(self._pairs) > _MOST_PAIRS:
            self._pairs = {each: bucket for each, bucket in self._pairs.items() if not bucket.is_full(now)}
        return self._pairs.setdefault(chat, Bucket(PAIR_EVERY, PAIR_BURST))
