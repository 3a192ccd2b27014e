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
        """Whether people are answered at this time."""
        local = at.astimezone(self.zone)
        clock = local.time()
        return any(span.day == local.weekday() and span.opens <= clock < span.closes for span in self.spans)

    def opened_since(self, then: datetime, now: datetime) -> bool:
        """Whether people were answered at any moment after `then`, up to `now`."""
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
