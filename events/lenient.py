"""Reads JSON in which a field has a wrong form: it alone is converted, where its meaning is certain, or left out.

Only for bytes that the strict decoder refused: a value is read again after each fault.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Container
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

MOST_FAULTS = 64
"""Faults that are mended in one value; with more of them it counts as unreadable."""

_MOST_LEAVES = 8
"""Faults after which the whole outermost field goes, so that no long list is read again for each of its elements."""

_FAULT = re.compile(r"^(?:Expected `([^`]*)`|Invalid RFC3339 encoded (datetime))")
_PATH = re.compile(r" - at `\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|(\[\.\.\.\])")
_WHOLE = re.compile(r"-?\d{1,18}")
_BOOLS = {"true": True, "false": False, 0: False, 1: True}
_SECONDS, _MILLISECONDS = (1.2e9, 4.1e9), (1.2e12, 4.1e12)
"""Numbers that are certainly times since 1970, between the years 2008 and 2099."""

_SURROGATES = re.compile(rb"(\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|\\u[dD][89a-fA-F]..")
_LONGEST_NUMBER = 64

_Shape = TypeVar("_Shape")
_Step = str | int


def whole_characters(body: bytes) -> bytes:
    """JSON with U+FFFD for each half of a surrogate pair, as programs write it that cut a text; it is no JSON."""
    return _SURROGATES.sub(lambda match: match[0] if match[1] else b"\\ufffd", body)


def decode(raw: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[_Shape]) -> tuple[_Shape, tuple[str, ...]]:
    """The value, and the paths of the fields that were left out. Raises msgspec.DecodeError, UnicodeDecodeError and
    RecursionError for bytes that are no JSON, or whose outermost value has another form."""
    try:
        return decoder.decode(raw), ()
    except msgspec.ValidationError as error:
        fault = error
    # The decoder reads it again, not `convert`: that makes no msgspec.Raw.
    shape, left_out, _ = mended(plain(raw), lambda value: decoder.decode(json.dumps(value).encode()), fault)
    return shape, left_out


def plain(raw: bytes | msgspec.Raw) -> Any:
    """The JSON in `raw`, with None for numbers that are too large. Raises msgspec.DecodeError, UnicodeDecodeError and
    RecursionError if it is none."""
    try:
        return json.loads(bytes(raw), parse_int=_integer, parse_float=_fraction, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise
    except ValueError as error:
        raise msgspec.DecodeError(str(error)) from error


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else None


def _fraction(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def mended(
    value: Any,
    read: Callable[[Any], _Shape],
    fault: msgspec.ValidationError,
    spared: Container[str] | None = None,
    verbatim: Container[str] = (),
) -> tuple[_Shape, tuple[str, ...], tuple[str, ...]]:
    """The result of `read` for `value`, in which it met `fault`; the paths of fields that were left out, and of those
    that were converted. `value` is changed.

    - `spared`: the outermost fields that may be left out; None: all. A `null` may always be.
    - `verbatim`: the outermost fields that are not converted.

    Raises `fault`, or a later one, where nothing mends it.
    """
    left_out: list[str] = []
    converted: list[str] = []
    for count in range(MOST_FAULTS):
        path = _path(fault)
        if not path:
            raise fault
        is_certain = count < _MOST_LEAVES and path[0] not in verbatim
        meant = _certain(fault, _at(value, path)) if is_certain else None
        if meant is not None:
            _put(value, path, meant)
            converted.append(_named(path))
        else:
            path = path if count < _MOST_LEAVES else path[:1]
            if spared is not None and path[0] not in spared and _at(value, path) is not None:
                raise fault
            _remove(value, path)
            left_out.append(_named(path))
        try:
            return read(value), tuple(left_out), tuple(converted)
        except msgspec.ValidationError as error:
            fault = error
    raise fault


def _path(fault: msgspec.ValidationError) -> list[_Step]:
    """The way to the fault; empty if it is the outermost value. A value of a mapping has no name there, so its mapping
    is the fault."""
    found = _PATH.search(str(fault))
    steps: list[_Step] = []
    for name, index, any_key in _STEP.findall(found[1]) if found is not None else ():
        if any_key:
            break
        steps.append(int(index) if index else name)
    return steps


def _certain(fault: msgspec.ValidationError, value: Any) -> Any:
    """`value` in the form that is expected, if its meaning is certain; else None."""
    found = _FAULT.match(str(fault))
    expected = (found[1] or found[2] or "").split(" | ") if found is not None else ()
    if "bool" in expected and isinstance(value, str | int):
        return _BOOLS.get(value)
    if isinstance(value, bool):
        return None
    if "datetime" in expected:
        return _time(float(value)) if isinstance(value, int | float) or _is_whole(value) else None
    if "str" in expected and isinstance(value, int):
        return str(value) if value.bit_length() < 256 else None
    if "int" in expected and _is_whole(value):
        return int(value)
    return [value] if "array" in expected and isinstance(value, str) else None


def _is_whole(value: Any) -> bool:
    return isinstance(value, str) and _WHOLE.fullmatch(value) is not None and value.isascii()


def _time(since_1970: float) -> str | None:
    for (first, last), unit in ((_SECONDS, 1), (_MILLISECONDS, 1000)):
        if first <= since_1970 <= last:
            return datetime.fromtimestamp(since_1970 / unit, UTC).isoformat()
    return None


def _named(path: list[_Step]) -> str:
    """The path without the places in lists."""
    return ".".join(step for step in path if isinstance(step, str))


def _at(value: Any, path: list[_Step]) -> Any:
    try:
        for step in path:
            value = value[step]
    except (LookupError, TypeError):
        return None  # it is missing
    return value


def _put(value: Any, path: list[_Step], meant: Any) -> None:
    _at(value, path[:-1])[path[-1]] = meant


def _remove(value: Any, path: list[_Step]) -> None:
    del _at(value, path[:-1])[path[-1]]
