"""What may stand in the variables about people: lists of JIDs, words, business hours, time zones."""

from __future__ import annotations

import re
from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chat.hours import DAYS, Span
from events.jid import MalformedJid, canonical
from recado.settings.variables import Reader

_NUMBER = re.compile(r"\+?[0-9][0-9 ()-]*")
_SPAN = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? +([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")


def people() -> Reader:
    """JIDs, phone numbers, or beginnings of them that end with `*`; a tuple of them."""

    def read(given: str) -> tuple[str, ...]:
        return tuple(_person(one.strip()) for one in given.split(",") if one.strip())

    return Reader("phone numbers or JIDs with commas between them; a beginning ends with `*`", read)


def words() -> Reader:
    """Words with commas between them, without their case; a frozenset."""

    def read(given: str) -> frozenset[str]:
        found = frozenset(word.strip().casefold() for word in given.split(",") if word.strip())
        if long := next((word for word in found if len(word) > 24), None):
            raise ValueError(f"in which {long!r} has more than 24 characters: give short words")
        return found

    return Reader("words with commas between them", read)


def hours() -> Reader:
    """Spans of a week; a tuple of Span."""

    def read(given: str) -> tuple[Span, ...]:
        return tuple(span for part in given.split(";") if part.strip() for span in _spans(part.strip().lower()))

    return Reader("days and hours, such as `Mon-Fri 09:00-18:00; Sat 10:00-13:00`", read)


def zone() -> Reader:
    def read(given: str) -> str:
        try:
            return ZoneInfo(given).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("which is no time zone: give a name like America/Sao_Paulo") from error

    return Reader("the name of a time zone", read)


def _person(given: str) -> str:
    beginning, star = (given[:-1], "*") if given.endswith("*") else (given, "")
    if _NUMBER.fullmatch(beginning):
        return re.sub("[^0-9]", "", beginning) + star
    if star and beginning and "*" not in beginning:
        return beginning.lower() + star
    try:
        return canonical(given)
    except MalformedJid as error:
        raise ValueError(f"in which {given!r} is neither a phone number nor a JID nor a beginning with `*`") from error


def _spans(part: str) -> list[Span]:
    match = _SPAN.fullmatch(part)
    if match is None or match[1] not in DAYS or (match[2] or match[1]) not in DAYS:
        raise ValueError(f"in which {part!r} is no time: write Mon-Fri 09:00-18:00, and `;` between several")
    first, last = DAYS.index(match[1]), DAYS.index(match[2] or match[1])
    days = range(first, last + 1) if first <= last else [*range(first, 7), *range(last + 1)]
    opens, closes = _clock(match[3], match[4]), _clock(match[5], match[6])
    if closes <= opens:
        raise ValueError(f"in which {part!r} ends before it begins: write two spans where it goes past midnight")
    return [Span(day, opens, closes) for day in days]


def _clock(hour: str, minute: str) -> time:
    if (int(hour), int(minute)) == (24, 0):
        return time.max
    if int(hour) > 23 or int(minute) > 59:
        raise ValueError(f"in which {hour}:{minute} is no time of the day: the last one is 24:00")
    return time(int(hour), int(minute))
