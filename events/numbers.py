"""Numbers that others wrote, as text or as the seconds of a time."""

from __future__ import annotations

from datetime import UTC, datetime

MOST_DIGITS = 18
"""Every number of so many digits has a place in 64 bits, as SQLite and NATS count."""


def whole_number(text: str) -> int | None:
    """The number that 1 to MOST_DIGITS digits 0-9 write; None for any other text.

    `int` takes digits of all scripts, blanks, signs and underscores, and raises for more than 4,300 digits;
    `str.isdigit` is true of `²`, for which `int` raises.
    """
    return int(text) if len(text) <= MOST_DIGITS and text.isascii() and text.isdigit() else None


def time_at(seconds: float) -> datetime | None:
    """The time in `seconds` since 1970; None if the calendar, which has the years 1 to 9999, has no such time."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
