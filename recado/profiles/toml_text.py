"""Profiles as TOML, in the form in which `recado profile apply` reads them.

The standard library reads TOML and writes none. A library that writes it was not taken: prompts are the greater part of
a profile, and none writes a text of several lines so that a person can edit it and every letter comes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from events.profile import Profile

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_UNSEEN = r"\x7f-\x9f\u202a-\u202e\u2066-\u2069"  # they move a terminal's cursor, or turn a text around
_ESCAPED = re.compile(rf'[\x00-\x1f"\\{_UNSEEN}]')
_ESCAPED_IN_LINES = re.compile(rf'[\x00-\x08\x0b-\x1f\\{_UNSEEN}]|"(?="")|"\Z')
_WIDTH = 100


def toml_of(profile: Profile) -> str:
    """The content of the profile. A null, which only a newer release can have written, becomes a comment."""
    return "\n".join(_lines(profile)) + "\n"


def _lines(profile: Profile) -> Iterator[str]:
    yield f"name = {_value(profile.name)}"
    for field in ("accounts", "chats", "groups"):
        if entries := getattr(profile, field):
            yield f"{field} = {_value(entries)}"
    yield from _fields(profile.more)
    if profile.settings:
        yield "\n[settings]"
        yield from _fields(profile.settings)


def _fields(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in sorted(fields.items()):
        if _has_null(value):
            yield f"# {_key(name)} is left out: TOML has no null"
        else:
            yield f"{_key(name)} = {_value(value)}"


def _has_null(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_null, value.values()))
    return any(map(_has_null, value)) if isinstance(value, list | tuple) else value is None


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text_in_lines(value) if "\n" in value else _text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)} = {_inner(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        short = ", ".join(map(_inner, value))
        return (
            f"[{short}]" if len(short) <= _WIDTH else "".join(["[\n", *(f"    {_inner(one)},\n" for one in value), "]"])
        )
    return str(value)


def _inner(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    return "[" + ", ".join(map(_inner, value)) + "]" if isinstance(value, list | tuple) else _value(value)


def _text(text: str) -> str:
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _text_in_lines(text: str) -> str:
    return '"""\n' + _ESCAPED_IN_LINES.sub(_escape, text) + '"""'


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04X}"
