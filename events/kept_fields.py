"""Fields of a stored record that only a newer release knows: the record that takes its place keeps them, byte for
byte."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

Fields = dict[str, msgspec.Raw]
"""The fields of a record, each as JSON."""

_Value = TypeVar("_Value")
_fields = msgspec.json.Decoder(Fields)


def fields_of(body: bytes, shape: type[msgspec.Struct]) -> Fields | None:
    """The fields of a stored record; None: it has not all those that `shape` needs, so that no release wrote it."""
    try:
        found = _fields.decode(body)
    except (ValueError, RecursionError):
        return None
    needed = {field.encode_name for field in msgspec.structs.fields(shape) if field.required}
    return found if needed <= found.keys() else None


def keep(record: dict[str, _Value], before: Mapping[str, _Value], shape: type[msgspec.Struct]) -> None:
    """Give `record` the fields of `before` that `shape` does not have."""
    names = {field.encode_name for field in msgspec.structs.fields(shape)}
    record.update({name: value for name, value in before.items() if name not in names})
