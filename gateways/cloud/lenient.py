"""Decodes JSON in which a field has a form that Meta does not document: that field alone is left out."""

from __future__ import annotations

import json
import re
from typing import TypeVar

import msgspec

MOST_FAULTS = 32
"""Fields that are left out of one update; with more of them it counts as unreadable."""

_PATH = re.compile(r" - at `\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")

_Shape = TypeVar("_Shape")


def decode(raw: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[_Shape]) -> tuple[_Shape, tuple[str, ...]]:
    """The value, and the paths of the fields that were left out. Raises msgspec.DecodeError, UnicodeDecodeError and
    RecursionError for bytes that are no JSON, or whose outermost value has another form."""
    try:
        return decoder.decode(raw), ()
    except msgspec.ValidationError as error:
        fault = error
    try:
        value = json.loads(bytes(raw))
    except ValueError as error:
        raise msgspec.DecodeError(str(error)) from error
    left_out: list[str] = []
    while len(left_out) < MOST_FAULTS:
        path = _PATH.search(str(fault))
        if path is None or not _remove(value, path[1]):
            raise fault
        left_out.append(path[1].lstrip("."))
        try:
            return decoder.decode(json.dumps(value).encode()), tuple(left_out)
        except msgspec.ValidationError as error:
            fault = error
    raise fault


def _remove(value: object, path: str) -> bool:
    """Remove the field or element at `path`; False if it is the outermost value or not there."""
    steps: list[str | int] = [int(index) if index else name for name, index in _STEP.findall(path)]
    if not steps:
        return False
    try:
        for step in steps[:-1]:
            value = value[step]  # type: ignore[index]
        del value[steps[-1]]  # type: ignore[attr-defined]
    except (LookupError, TypeError):
        return False
    return True
