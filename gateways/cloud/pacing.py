"""Rate limits for outgoing messages: to one person, and from the number as a whole. Pure: callers pass the time.

Meta's limits: a number's throughput (gateways.cloud.throughput), of messages that come in and go out; 1 message in 6
seconds to one person, with bursts of 45 that later waiting makes up for.
https://developers.facebook.com/docs/whatsapp/cloud-api/overview#throughput
"""

from __future__ import annotations

from gateways.delivery.token_bucket import Bucket

STANDARD = 80
"""Messages a second that a number may have at first."""

PAIR_EVERY, PAIR_BURST = 6.0, 45

_STEADY, _BURST = 0.75, 0.125
"""Shares of the throughput: in any second a steady stream and a burst together stay an eighth below it, because
messages that leave evenly may arrive in a burst."""

_BEHIND = 1.0
"""Seconds for which messages that came in may hold others back: Meta counts by the second."""

_MOST_PAIRS = 10_000


class Pacing:
    """The buckets of one number."""

    def __init__(self, per_second: int = STANDARD) -> None:
        self._per_second, self._number = per_second, _bucket(per_second)
        self._pairs: dict[str, Bucket] = {}

    def allow(self, per_second: int, now: float) -> None:
        """Let the number send at another pace; messages that wait keep their times."""
        if per_second == self._per_second:
            return
        before, self._per_second, self._number = self._number, per_second, _bucket(per_second)
        self._number.hold(now + before.wait(now))

    def came_in(self, now: float) -> None:
        """Count a message that a person sent."""
        self._number.count(now, _BEHIND)

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


def _bucket(per_second: int) -> Bucket:
    return Bucket(1 / (_STEADY * per_second), max(1, int(_BURST * per_second)))
