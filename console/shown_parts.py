"""The parts of a chat's replies as its page shows them: which choice was made, which file is a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chat.parts import plain
from events.library import Entry
from events.parts import FILES, KINDS, Option, Part
from events.references import Choice
from projections.reads.views import Entry as Line
from projections.story.parts import named

SIGHTS = frozenset({"image", "sticker"})
"""Kinds of files that the page shows as pictures."""


class ShownPart(NamedTuple):
    """A part.

    - `kind`: its kind; `file` for a file that is no picture, `plain` for a kind that this version does not know.
    - `what`: its name in words.
    - `plain`: its plain reading.
    - `number`: its number in the reply, from 1.
    - `is_here`: the bytes of its file can be had from this page.
    - `name`, `size`: of a file: its name, and its bytes as far as they are known.
    - `chosen`: the ids of its choices that the person made.
    """

    part: Part
    kind: str
    what: str
    plain: str
    number: int
    is_here: bool = False
    name: str = ""
    size: int = 0
    chosen: frozenset[str] = frozenset()


def shown(lines: Sequence[Line], files: Mapping[str, Entry]) -> dict[int, list[ShownPart]]:
    """The parts of the lines that have any, by the lines' sequences. `files`: the library's entries by their object."""
    chosen = _chosen(lines)
    return {
        line.seq: [
            _shown(part, number, files, frozenset(chosen.get(line.seq, ()))) for number, part in enumerate(line.parts, 1)
        ]
        for line in lines
        if line.parts
    }


def has_files(lines: Sequence[Line]) -> bool:
    """Whether a part of these lines is a file of a store."""
    return any(part.object for line in lines for part in line.parts)


def is_quotable(line: Line | None) -> bool:
    """Whether people can reply to this line: it is a message that is still there."""
    if line is None or line.author != "person":
        return False
    return line.revoked_at is None and line.kind not in {"unreadable", "unshown", "reaction"}


def _shown(part: Part, number: int, files: Mapping[str, Entry], chosen: frozenset[str]) -> ShownPart:
    kind, words, reading = part.kind, named(part), plain(part)
    if kind not in KINDS:
        return ShownPart(part, "plain", words, reading, number)
    if kind not in FILES:
        return ShownPart(part, kind, words, reading, number, chosen=chosen)
    entry = files.get(part.object or "")
    name = part.filename or (entry.name if entry is not None else "")
    size = entry.size if entry is not None else 0
    is_here = part.object is not None
    return ShownPart(part, "image" if kind in SIGHTS and is_here else "file", words, reading, number, is_here, name, size)


def _chosen(lines: Sequence[Line]) -> dict[int, set[str]]:
    """The ids that people chose, by the sequence of the reply that asked."""
    found: dict[int, set[str]] = {}
    asked: list[tuple[int, Option]] = []
    for line in lines:
        if line.choice is not None and (answered := _answered(asked, line.choice)) is not None:
            seq, option = answered
            found.setdefault(seq, set()).add(option.id)
        asked[:0] = [(line.seq, option) for part in line.parts for option in part.choices]
    return found


def _answered(asked: Sequence[tuple[int, Option]], choice: Choice) -> tuple[int, Option] | None:
    """The choice among those that were asked, the newest first. A phone shows long titles cut."""
    whole = ((seq, option) for seq, option in asked if (option.id, option.title) == (choice.id, choice.title))
    by_id = ((seq, option) for seq, option in asked if option.id == choice.id)
    return next(whole, None) or next(by_id, None)
