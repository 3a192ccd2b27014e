"""The time after which a server that was asked too often may be asked again, as the words of its error say it.

OpenAI and Groq write `Please try again in 1m30.5s`, Azure `Please retry after 20 seconds`, Gemini `Please retry in
34.07s` and `"retryDelay": "34s"` in the error's details, which a gateway may put into a text once more.
"""

from __future__ import annotations

import re

LONGEST = 86_400.0
"""Seconds that are believed, at most: a day."""

_READ = 8_000
"""Characters of an error that are read."""

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_UNIT = "ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?"
_NUMBER = r"\d{1,9}(?:\.\d{1,12})?"
_AMOUNT = re.compile(rf"({_NUMBER})\s?({_UNIT})", re.IGNORECASE)
_ONE = rf"{_NUMBER}\s?(?:{_UNIT})(?![a-z])"
_WORDS = re.compile(
    r"\b(?:(?:(?:try|retry)(?:ing)?|come back)(?: again| (?:your|the|this) request)? (?:in|after)|wait(?: for)?)"
    rf" (?:about |around |at least |another )?({_ONE}(?:(?:,? |,? and )?{_ONE}){{0,3}})",
    re.IGNORECASE,
)
_FIELD = re.compile(rf"\bretry_?(?:after|delay)(_?ms)?(?:_?seconds?)?\\*\"\s?:\s?\\*\"?({_NUMBER})", re.IGNORECASE)


def told_wait(error: str) -> float | None:
    """Seconds, from the words or the fields of an error; None: it names no time."""
    text = error[:_READ]
    if (field := _FIELD.search(text)) is not None:
        return min(LONGEST, float(field[2]) * (0.001 if field[1] else 1.0))
    if (words := _WORDS.search(text)) is None:
        return None
    return min(LONGEST, sum(float(number) * _seconds(unit.lower()) for number, unit in _AMOUNT.findall(words[1])))


def _seconds(unit: str) -> float:
    return 0.001 if unit.startswith(("ms", "milli")) else _SECONDS[unit[0]]
