"""The form of a profile: its fields as text, and the draft that a browser sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

import msgspec

from chat.hours import DAYS, Span
from console.profiles.port import ProfileDesk, ProfileFault, ProfileField
from events.profile import Profile

LISTS = ("accounts", "chats", "groups")

SPANS_A_DAY = 2
"""Spans of a day that the table of hours shows: before and after a break."""

MOST_FIELDS = 200
"""Fields of the form."""

_CLOCK = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A field as the form shows it.

    - `field`: the setting.
    - `text`: its value; empty: the profile does not set it.
    - `is_set`: whether the profile sets it.
    - `week`: of hours: by weekday, the spans as pairs of clock times; None: the text is edited as it is.
    - `problems`: its faults.
    """

    field: ProfileField
    text: str
    is_set: bool
    week: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] | None = None
    problems: tuple[str, ...] = ()


def shown(desk: ProfileDesk, profile: Profile, faults: Sequence[ProfileFault] = ()) -> list[Shown]:
    """Every field of a profile, in the order of the configuration."""
    found = []
    for field in desk.fields:
        is_set = field.name in profile.settings
        text = desk.shown(field.name, profile.settings[field.name]) if is_set else ""
        problems = tuple(fault.problem for fault in faults if fault.field == field.name)
        week = _week(desk, text) if field.shape == "hours" else None
        found.append(Shown(field=field, text=text, is_set=is_set, week=week, problems=problems))
    return found


def draft(desk: ProfileDesk, before: Profile | None, given: Mapping[str, str], stamp: Profile) -> Profile:
    """The next version of the profile, as the form has it: with the name, number, time and author of `stamp`. Fields
    that this release does not know stay as they are in `before`."""
    known = {field.name for field in desk.fields}
    old = before.settings if before is not None else {}
    settings = {name: value for name, value in old.items() if name not in known}
    for field in desk.fields:
        text = _hours(given) if field.shape == "hours" and "week" in given else given.get(f"s.{field.name}", "")
        text = text.replace("\r\n", "\n").strip()
        if not text and f"empty.{field.name}" not in given:
            continue
        is_same = field.name in old and desk.shown(field.name, old[field.name]) == text
        settings[field.name] = old[field.name] if is_same else _value(field, text)
    return Profile(
        name=stamp.name,
        n=stamp.n,
        at=stamp.at,
        by=stamp.by,
        settings=settings,
        more=before.more if before is not None else {},
        accounts=_entries(given.get("accounts", "")),
        chats=_entries(given.get("chats", "")),
        groups=_entries(given.get("groups", "")),
    )


def _value(field: ProfileField, text: str) -> Any:
    """A whole number as a number, since a person who reads the file expects one."""
    return int(text) if field.takes.startswith("a whole number") and _NUMBER.fullmatch(text) else text


def _entries(text: str) -> tuple[str, ...]:
    entries = [entry.strip() for entry in text.split("\n")]
    return tuple(dict.fromkeys(entry for entry in entries if entry))


def _week(desk: ProfileDesk, text: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...] | None:
    spans = desk.week(text) if text else ()
    if spans is None:
        return None
    days = [[span for span in spans if span.day == number] for number in range(len(DAYS))]
    if any(len(day) > SPANS_A_DAY for day in days):
        return None
    return tuple(
        (name, tuple(_clocks(day[place]) if place < len(day) else ("", "") for place in range(SPANS_A_DAY)))
        for name, day in zip(DAYS, days, strict=True)
    )


def _clocks(span: Span) -> tuple[str, str]:
    return f"{span.opens:%H:%M}", "24:00" if span.closes == time.max else f"{span.closes:%H:%M}"


def _hours(given: Mapping[str, str]) -> str:
    """The hours of the table as one text, as `.env` has them. A wrong clock stays, for the reader to refuse."""
    spans = []
    for day in DAYS:
        for place in range(SPANS_A_DAY):
            opens, closes = (given.get(f"hours.{day}.{place}.{end}", "").strip() for end in ("opens", "closes"))
            if opens or closes:
                spans.append(f"{day.capitalize()} {_padded(opens)}-{_padded(closes)}")
    return "; ".join(spans)


def _padded(clock: str) -> str:
    found = _CLOCK.fullmatch(clock)
    return f"{int(found[1]):02}:{found[2]}" if found else clock[:20] or "?"
