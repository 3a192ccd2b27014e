"""The version of the projection's file: it changes with the meaning of rows, not with sentences."""

from __future__ import annotations

import msgspec

from chat import fold_constants
from projections.database import version_of


class Plain(msgspec.Struct):
    count: int


class Explained(msgspec.Struct):
    """A struct with a docstring.

    - `count`: of something
    """

    count: int


class Wider(msgspec.Struct):
    count: int
    description: str = ""


TABLE = "CREATE TABLE one (count INTEGER);"


def named(state: type) -> type:
    state.__name__ = "State"
    return state


def test_prose_rebuilds_nothing() -> None:
    before = version_of(TABLE, named(Plain))
    assert version_of(TABLE, named(Explained)) == before
    assert version_of("-- the only table\n" + TABLE, named(Plain)) == before


def test_another_meaning_rebuilds(monkeypatch) -> None:
    before = version_of(TABLE, named(Plain))
    assert version_of(TABLE, named(Wider)) != before
    assert version_of(TABLE.replace("INTEGER", "TEXT"), named(Plain)) != before
    monkeypatch.setattr(fold_constants, "MOST_OURS", 33)
    assert version_of(TABLE, named(Plain)) != before
