"""Checks the arguments that a model writes for a tool before a tool gets them."""

from __future__ import annotations

from typing import Any

import msgspec

LONGEST = 100_000
"""Characters of a call's arguments, at most."""

DEEPEST = 32
"""Levels to which JSON from outside may be nested."""


class Unfit(Exception):
    """The arguments cannot be passed on to a tool; the message tells the model why."""


def unpacked(arguments: str) -> tuple[dict[str, Any], bytes]:
    """The arguments as an object, and as JSON in UTF-8. Raises Unfit."""
    if len(arguments) > LONGEST:
        raise Unfit(f"The arguments are too long: {LONGEST:,} characters at most")
    try:
        given = msgspec.json.decode(arguments or "{}")
        if isinstance(given, dict) and not is_deep(given):
            return given, msgspec.json.encode(given)
    except RecursionError:
        raise Unfit(f"The arguments are nested too deep: {DEEPEST} levels at most") from None
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        # Half of a surrogate pair and a number past 64 bits are JSON, but no event can hold them.
        raise Unfit(f"The arguments are no JSON: {error}") from error
    if isinstance(given, dict):
        raise Unfit(f"The arguments are nested too deep: {DEEPEST} levels at most")
    raise Unfit("The arguments have to be a JSON object")


def is_deep(value: Any) -> bool:
    """True if a decoded JSON value is nested deeper than DEEPEST levels."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return any(isinstance(inner, dict | list) for inner in level)
