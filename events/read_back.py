"""Makes the phrase again out of a fault's words that were stored, or told by another instance, as a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import overload

from events.details import Detail
from events.phrases import Phrase, Together, english

AT = "%(fault)s - at `%(place)s`"
"""The words of the decoder about a field within the JSON."""

DECODER = (
    AT,
    "Expected `%(wanted)s`, got `%(given)s`",
    "Expected `%(type)s` %(sign)s %(bound)s",
    "Expected `%(type)s` of length %(sign)s %(bound)s",
    "Expected `%(type)s` with a timezone component",
    "Expected `%(type)s` matching regex %(pattern)s",
    "Input data was truncated",
    "Integer value out of range",
    "Invalid RFC3339 encoded datetime",
    "Invalid enum value %(value)s",
    "Invalid value %(value)s",
    "JSON is malformed: %(words)s (byte %(byte)s)",
    "Number out of range",
    "Object contains unknown field `%(field)s`",
    "Object missing required field `%(field)s`",
    "expected ',' or '}'",
    "expected ',' or ']'",
    "expected ':'",
    "invalid character",
    "invalid character in unicode escape",
    "invalid escape character in string",
    "invalid escaped character",
    "invalid number",
    "invalid utf-16 surrogate pair",
    "object keys must be strings",
    "trailing characters",
    "trailing comma in array",
    "trailing comma in object",
    "unexpected end of escaped utf-16 surrogate pair",
    "'utf-8' codec can't decode byte %(byte)s in position %(place)s: %(words)s",
    "invalid continuation byte",
    "invalid start byte",
    "unexpected end of data",
)
"""The words of msgspec for JSON that is not of its shape (`_core.c`), and Python's for bytes that are no
text."""

_LONGEST = 1000
"""Characters; a longer text has a stranger's words in it, and is left as it is."""

_VALUE = re.compile(r"%\((\w+)\)s")
_NUMBER = re.compile(r"\d+(,\d{3})*(\.\d)?")


@overload
def read_back(text: str) -> Phrase: ...
@overload
def read_back(text: str | None) -> Phrase | None: ...
def read_back(text: str | None) -> Phrase | None:
    """The text as the phrase of which it was made. A text that recado and its decoder do not say is one of its own
    words."""
    if text is None:
        return None
    if len(text) <= _LONGEST:
        for template, pattern in _patterns():
            if (found := pattern.fullmatch(text)) is not None:
                return Phrase(template, **{name: _value(said) for name, said in found.groupdict().items()})
    return Together([text])


def _value(said: str) -> object:
    """The value that English writes so: a number, or words that may be read back themselves."""
    if _NUMBER.fullmatch(said):
        plain = said.replace(",", "")
        number = float(plain) if "." in plain else int(plain)
        return number if english(number) == said else said
    return read_back(said)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The templates, each with the pattern of its texts: the one that ends others first, then that with most words of
    its own."""
    templates: Iterable[str] = (*(one.value for one in Detail), *DECODER)
    ordered = sorted(templates, key=lambda one: (one != AT, -len(_VALUE.sub("", one))))
    return tuple((one, _pattern(one)) for one in ordered)


def _pattern(template: str) -> re.Pattern[str]:
    """The pattern of a template's texts."""
    words = _VALUE.split(template)
    parts = (f"(?P<{one}>.+?)" if at % 2 else re.escape(one) for at, one in enumerate(words))
    return re.compile("".join(parts), re.DOTALL)
