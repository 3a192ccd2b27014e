"""Edits of a text by spans: a character that no edit names cannot change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Edit(NamedTuple):
    """`start` to `end` of the source is replaced by `new`; `start == end` inserts."""

    start: int
    end: int
    new: str


def applied(source: str, edits: Iterable[Edit], start: int = 0, end: int | None = None) -> str:
    """`source[start:end]` with the edits made. Of two that overlap, the first is made."""
    pieces: list[str] = []
    at = start
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start >= at:
            pieces += source[at : edit.start], edit.new
            at = edit.end
    return "".join((*pieces, source[at : len(source) if end is None else end]))
