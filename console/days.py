"""Days and hours in words, for a browser without scripts; with scripts they are those of its own clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

from markupsafe import Markup

from console.languages import Translate

_NEAR = timedelta(days=7)


def day(_: Translate, one: date, today: date) -> str:
    """A day as people say it on `today`: the last ones by name, the others by their date."""
    if one == today:
        return _("Today")
    if one == today - timedelta(days=1):
        return _("Yesterday")
    if timedelta(0) < today - one < _NEAR:
        return _weekdays(_)[one.weekday()]
    return _("%(day)s %(month)s %(year)s", day=one.day, month=_months(_)[one.month - 1], year=one.year)


def clock(at: datetime, zone: tzinfo) -> Markup:
    """Hours and minutes in a zone, which the browser writes in its own."""
    try:
        utc, there = at.astimezone(UTC), at.astimezone(zone)
    except OverflowError:  # at the very ends of the calendar a zone has no such time
        return Markup("<time>{}</time>").format(at.isoformat(" "))
    time = Markup('<time class="clock" datetime="{}" title="{}">{}</time>')
    return time.format(f"{utc:%Y-%m-%dT%H:%M:%S}Z", f"{there:%Y-%m-%d %H:%M:%S}", f"{there:%H:%M}")


def _weekdays(_: Translate) -> tuple[str, ...]:
    return (
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
    )  # fmt: skip


def _months(_: Translate) -> tuple[str, ...]:
    return (
        _("January"), _("February"), _("March"), _("April"), _("May"), _("June"), _("July"), _("August"),
        _("September"), _("October"), _("November"), _("December"),
    )  # fmt: skip
