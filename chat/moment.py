"""The moment of a turn, as a model is told it: date, time, opening hours, and who writes.

A provider's cache holds for the beginning of a request that is the same as before. So the instructions say nothing of
the moment unless their author asks for it, lines bear the time at which they were sent, which never changes, and what
changes from turn to turn comes last, after the words of the turn's last message. Everything is computed from the log:
another instance that goes on with the turn says the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from chat.context import Line
from chat.hours import Hours

_EPOCH, _MICROSECOND, _MINUTE = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1), timedelta(minutes=1)

_GAP = 3_600_000_000
"""Microseconds after a person's line after which their next one bears its time: an hour."""

LONGEST_NAME = 60
"""Characters of a person's name that a model is shown."""

BLANKS = ("name", "date", "time", "weekday", "account", "open")
"""Words that instructions may have in braces."""

_BLANK = re.compile(r"\{(" + "|".join(BLANKS) + r")\}")

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

_QUOTES_AND_BRACKETS = frozenset('[]{}<>"“”`')


class Moment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The facts that a turn's model is told beside the conversation.

    - `at`: the time at which the turn began, in the shop's zone.
    - `zone`: the name of that zone.
    - `hours`: the business hours; None: there are none.
    - `account`: the business number, or the device.
    - `name`, `country`: the person's name and their number's country, each empty if it is not known, and in a group.
    - `last_wrote`: the time at which they wrote before this turn; None: never, or not known.
    """

    at: datetime
    zone: str
    hours: Hours | None = None
    account: str = ""
    name: str = ""
    country: str = ""
    last_wrote: datetime | None = None


def in_zone(at: datetime, zone: tzinfo | None) -> datetime:
    """The time on the clocks of the zone; at the ends of the calendar, which a sender may name, in UTC."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def told(moment: Moment) -> str:
    """The moment in one line."""
    at = moment.at
    said = _now(int(at.timestamp()) // 60, moment.zone, moment.hours, at.tzinfo)
    if moment.name:
        said += f"; the person calls themselves “{moment.name}”"
    if moment.country:
        said += f"; their number is of the country {moment.country}"
    if moment.last_wrote is not None and (then := _minute((moment.last_wrote - _EPOCH) // _MINUTE, at.tzinfo)):
        said += f"; before this they wrote on {then}"
    return f"[Added by the system, not by the person: {said}]"


def blanks(moment: Moment) -> dict[str, str]:
    """The texts for the blanks of instructions."""
    at = moment.at
    return {
        "name": moment.name or "unknown",
        "date": at.date().isoformat(),
        "time": _clock(at),
        "weekday": _DAYS[at.weekday()],
        "account": moment.account,
        "open": "open" if moment.hours is None else _opening(moment.hours, at, again=False),
    }


def has_blanks(instructions: str) -> bool:
    """True if the instructions differ from turn to turn."""
    return "{" in instructions and _BLANK.search(instructions) is not None


def filled(instructions: str, moment: Moment | None) -> str:
    """The instructions with their blanks filled; other braces stay as they are."""
    if moment is None or not has_blanks(instructions):
        return instructions
    texts = blanks(moment)
    return _BLANK.sub(lambda match: texts[match[1]], instructions)


def with_moment(messages: Sequence[Line], moment: str) -> tuple[Line, ...]:
    """The turn's messages with the moment after the last of them."""
    if not messages or not moment:
        return tuple(messages)
    return (*messages[:-1], replace(messages[-1], moment=moment))


def timed(lines: Sequence[Line], zone: tzinfo, after: datetime | None = None) -> tuple[Line, ...]:
    """The lines, of which a person's bears its time an hour after their line before. A model that sees times before its
    own words writes such times itself, so those have none.

    - `after`: the time of the line before the first; None: there is none, and the first line bears its time.
    """
    last = 0 if after is None else (after - _EPOCH) // _MICROSECOND
    found = list(lines)
    for place, line in enumerate(found):
        if at := line.at:
            if not -_GAP < at - last < _GAP:
                # Written out, since `replace` would take three times as long, for half the lines of each request.
                dated = _dated(at, zone)
                found[place] = Line(line.role, line.text, line.name, line.attachments, at, line.by, dated, line.moment)
            last = at
    return tuple(found)


@lru_cache(maxsize=4096)
def _dated(at: int, zone: tzinfo) -> str:
    """The time of a line; a line of the history is shown again and again."""
    then = _minute(at // 60_000_000, zone)
    return f"[{then}]" if then else ""


@lru_cache(maxsize=4096)
def _minute(minute: int, zone: tzinfo | None) -> str:
    """A minute since 1970: one text for everyone who wrote in it. Empty outside of the calendar: a gateway may claim
    any time."""
    try:
        then = in_zone(_EPOCH + minute * _MINUTE, zone)
    except OverflowError:
        return ""
    return f"{_date(then)}, {_clock(then)}"


@lru_cache(maxsize=4096)
def plain_name(name: str | None) -> str:
    """A name as a model is shown it: one short line without the signs that set words apart, so that it stays a name."""
    if not name:
        return ""
    if name.isascii() and name.isalnum():
        return name[:LONGEST_NAME]
    kept = "".join(
        " " if sign.isspace() or unicodedata.category(sign)[0] in "CZ" or sign in _QUOTES_AND_BRACKETS else sign
        for sign in name[: 8 * LONGEST_NAME]
    )
    return " ".join(kept.split())[:LONGEST_NAME].rstrip()


@lru_cache(maxsize=256)
def _now(minute: int, zone: str, hours: Hours | None, tz: tzinfo | None) -> str:
    """The time and the opening hours: one text for every chat that is answered in this minute since 1970."""
    at = in_zone(_EPOCH + minute * _MINUTE, tz)
    offset = at.strftime("%z")
    said = f"it is {_date(at)}, {_clock(at)} ({zone}, UTC{offset[:3]}:{offset[3:5]})"
    return said if hours is None else f"{said}; the business is {_opening(hours, at, again=True)}"


def _opening(hours: Hours, at: datetime, *, again: bool) -> str:
    """The business hours at the moment: open or not, until when, and when it is open `again` after that."""
    change = hours.changes_after(at)
    if not hours.are_open(at):
        return (
            f"closed now, and open again {_when(change, at)}"
            if change is not None and again
            else _until("closed", change, at)
        )
    said = _until("open now" if again else "open", change, at)
    then = hours.changes_after(change) if change is not None and again else None
    return f"{said}, and then again {_when(then, at)}" if then is not None else said


def _until(state: str, change: datetime | None, now: datetime) -> str:
    return f"{state} until {_when(change, now)}" if change is not None else state


def _when(at: datetime, now: datetime) -> str:
    if at.date() == now.date():
        return _clock(at)
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {_clock(at)}"


def _date(at: datetime) -> str:
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year}"


def _clock(at: datetime) -> str:
    return at.time().isoformat("minutes")
