"""The bytes of every event are a promise to every owner of a log: they are pinned here.

A test of these fails when the bytes of an event change. Written events stay as they are, so:
- A new type, or a new field with a default: add it to golden_events.py (a field to LATER) and its bytes to
  golden/v<VERSION>/, and leave every other file there as it is.
- Any other change of a stored shape: raise codec.VERSION, add the step to codec.UPCASTS, start golden/v<VERSION>/ with
  the new bytes, and keep the old folder: its files must still be read, as the events of today.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from events.codec import VERSION, decode, encode
from events.decisions import DECISIONS
from events.inbound import INBOUND
from tests.events.golden_events import (
    COSTED,
    FULL,
    INFORMING,
    LATER,
    LEAST,
    PROFILED,
    REFERRING,
    SHARED,
    SOURCED,
    UNCHANGED,
)
from tests.events.golden_parts import PARTED

GOLDEN = Path(__file__).parent / "golden"
CASES = [(name, FULL[name], f"{name}.json") for name in FULL] + [
    (name, LEAST[name], f"{name}.least.json") for name in LEAST
]
CASES += [(name, REFERRING[name], f"{name}.referring.json") for name in REFERRING]
CASES += [(name, PROFILED[name], f"{name}.profiled.json") for name in PROFILED]
CASES += [(name, LATER[name], f"{name}.later.json") for name in LATER]
CASES += [(name, INFORMING[name], f"{name}.informing.json") for name in INFORMING]
CASES += [(name, PARTED[name], f"{name}.parted.json") for name in PARTED]
CASES += [(name, SOURCED[name], f"{name}.sourced.json") for name in SOURCED]
CASES += [(name, COSTED[name], f"{name}.costed.json") for name in COSTED]
CASES += [(name, SHARED[name], f"{name}.shared.json") for name in SHARED]
CASES += [(name, UNCHANGED[name], f"{name}.unchanged.json") for name in UNCHANGED]


def test_every_type_is_pinned() -> None:
    """Given the types that recado knows, then each has its golden bytes, and no file is there for none."""
    assert set(FULL) == set(INBOUND) | set(DECISIONS)
    assert {file.name for file in (GOLDEN / f"v{VERSION}").iterdir()} == {file for _, _, file in CASES}


def test_every_field_is_pinned() -> None:
    """Given the fields of every type, and of what lies in it, then some golden bytes have it: a change of its name or
    its type is seen."""
    fields, pinned = set[tuple[str, str]](), set[tuple[str, str]]()
    for _, event, _ in CASES:
        _note_fields(event, fields, pinned)
    assert fields - pinned == set()


def _note_fields(value: object, fields: set[tuple[str, str]], pinned: set[tuple[str, str]]) -> None:
    if isinstance(value, tuple):
        for one in value:
            _note_fields(one, fields, pinned)
    if not isinstance(value, msgspec.Struct):
        return
    for field in msgspec.structs.fields(value):
        has, name = getattr(value, field.name), (type(value).__name__, field.name)
        absent = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
        fields.add(name)
        if has != absent:
            pinned.add(name)
        _note_fields(has, fields, pinned)


@pytest.mark.parametrize(("name", "event", "file"), CASES, ids=[file for _, _, file in CASES])
def test_golden_bytes_are_written(name: str, event: object, file: str) -> None:
    """Given an event, when this release writes it, then its bytes are the pinned ones. (What to do: see above.)"""
    assert encode(event) == (GOLDEN / f"v{VERSION}" / file).read_bytes()  # type: ignore[arg-type]


@pytest.mark.parametrize("version", range(1, VERSION + 1))
@pytest.mark.parametrize(("name", "event", "file"), CASES, ids=[file for _, _, file in CASES])
def test_bytes_of_every_release_are_read(version: int, name: str, event: object, file: str) -> None:
    """Given the bytes of this or an older release, when they are read, then they are the event of today."""
    assert decode(name, (GOLDEN / f"v{version}" / file).read_bytes(), version) == event
