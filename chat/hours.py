"""Business hours: the times when people are answered, in the shop's time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo

import msgspec

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Span(msgspec.Struct, frozen=True):
    """From `opens` up to `closes` on a weekday (Monday is 0); `time.max` is the end of the day."""

    day: int
    opens: time
    closes: time


class Hours(msgspec.Struct, frozen=True):
    """The spans of a week, by the clock of `zone`."""

    spans: tuple[Span, ...]
    zone: tzinfo

    def are_open(self, at: datetime) -> bool:
        """True if people are answered at this time."""
        local = at.astimezone(self.zone)
        return self._has(local.weekday(), local.time())

    def opened_since(self, then: datetime, now: datetime) -> bool:
        """True if people were answered at any moment after `then`, up to `now`."""
        if self.are_open(now) or now - then >= timedelta(days=7):
            return True
        day, last = then.astimezone(self.zone), now.astimezone(self.zone)
        while day.date() <= last.date():
            for span in self.spans:
                opens = datetime.combine(day.date(), span.opens, self.zone)
                closes = datetime.combine(day.date(), span.closes, self.zone)
                if span.day == day.weekday() and closes > then and opens <= now:
                    return True
            day += timedelta(days=1)
        return False

    def changes_after(self, at: datetime) -> datetime | None:
        """The next time after `at` at which the business opens or closes, in its zone; None: it never does."""
        local = at.astimezone(self.zone)
        now, midnight = local.time(), time(0)
        is_open = self._has(local.weekday(), now)
        for passed in range(9):  # a week, and the rest of the days at both ends
            day = (local.weekday() + passed) % 7
            clocks = {clock for span in self.spans if span.day == day for clock in (span.opens, span.closes)}
            for clock in sorted(clocks | {midnight}):
                is_later = passed > 0 or clock > now
                if is_later and clock != time.max and self._has(day, clock) != is_open:
                    return datetime.combine(local.date() + timedelta(days=passed), clock, self.zone)
        return None

    def _has(self, day: int, clock: time) -> bool:
        return any(span.day == day and span.opens <= clock < span.closes for span in self.spans)
