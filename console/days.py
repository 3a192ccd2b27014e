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


def clock(at: datetime, zone: tzinfo, *, is_late: bool = False) -> Markup:
    """Hours and minutes in a zone, with the day of a late line; the browser writes them in its own zone."""
    try:
        utc, there = at.astimezone(UTC), at.astimezone(zone)
    except OverflowError:  # at the very ends of the calendar a zone has no such time
        return Markup("<time>{}</time>").format(at.isoformat(" "))
    time = Markup('<time class="{}" datetime="{}" title="{}">{}</time>')
    said = f"{there:%Y-%m-%d %H:%M}" if is_late else f"{there:%H:%M}"
    class_ = "clock late" if is_late else "clock"
    return time.format(class_, f"{utc:%Y-%m-%dT%H:%M:%S}Z", f"{there:%Y-%m-%d %H:%M:%S}", said)


def short(_: Translate, at: datetime, zone: tzinfo, today: date) -> Markup:
    """The time of a row of a list: the hour of `today`, else the day; the browser writes it in its own zone."""
    try:
        utc, there = at.astimezone(UTC), at.astimezone(zone)
    except OverflowError:
        return Markup("<time>{}</time>").format(at.isoformat(" "))
    if (ago := today - there.date()) == timedelta(0):
        said = f"{there:%H:%M}"
    else:
        said = _weekdays(_)[there.weekday()] if timedelta(0) < ago < _NEAR else f"{there:%Y-%m-%d}"
    time = Markup('<time datetime="{}" title="{}">{}</time>')
    return time.format(f"{utc:%Y-%m-%dT%H:%M:%S}Z", f"{there:%Y-%m-%d %H:%M:%S}", said)


def _weekdays(_: Translate) -> tuple[str, ...]:
    return (
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
    )  # fmt: skip


def _months(_: Translate) -> tuple[str, ...]:
    return (
        _("January"), _("February"), _("March"), _("April"), _("May"), _("June"), _("July"), _("August"),
        _("September"), _("October"), _("November"), _("December"),
    )  # fmt: skip
