"""The parts of a chat's replies as its page shows them: which choice was made, which file is a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from chat.parts import plain
from chat.unseen import shown_name
from console.shown_media import drawn_as
from events.parts import FILES, KINDS, Option, Part
from events.references import Choice
from projections.reads.views import Entry as Line
from projections.story.parts import named


class ShownPart(NamedTuple):
    """A part.

    - `kind`: its kind; of a file `image`, `sticker`, `audio`, `video` or `file`: as it is drawn; `plain` for a kind
      that this version does not know.
    - `what`: its name in words.
    - `plain`: its plain reading.
    - `number`: its number in the reply, from 1.
    - `is_here`: the bytes of its file can be had from this page.
    - `is_gone`: they were there, and are not any more.
    - `size`: bytes of its file, as far as they are known.
    - `chosen`: the ids of its choices that the person made.
    """

    part: Part
    kind: str
    what: str
    plain: str
    number: int
    is_here: bool = False
    is_gone: bool = False
    size: int = 0
    chosen: frozenset[str] = frozenset()


def shown(lines: Sequence[Line], sizes: Mapping[str, int]) -> dict[int, list[ShownPart]]:
    """The parts of the lines that have any, by the lines' sequences. `sizes`: bytes of files by their object, 0 of one
    that is not kept any more."""
    chosen = _chosen(lines)
    return {
        line.seq: [
            _shown(part, number, sizes, frozenset(chosen.get(line.seq, ())))
            for number, part in enumerate(line.parts, 1)
        ]
        for line in lines
        if line.parts
    }


def objects_of(lines: Sequence[Line]) -> set[str]:
    """The files of the lines' parts that lie in a store."""
    return {part.object for line in lines for part in line.parts if part.object is not None}


def is_quotable(line: Line | None) -> bool:
    """True if people can reply to this line: it is a message that is still there."""
    if line is None or line.author != "person":
        return False
    return line.revoked_at is None and line.kind not in {"unreadable", "unshown", "reaction"}


def _shown(part: Part, number: int, sizes: Mapping[str, int], chosen: frozenset[str]) -> ShownPart:
    kind, words, reading = part.kind, named(part), plain(part)
    part = replace(part, name=shown_name(part.name), filename=shown_name(part.filename))
    if kind not in KINDS:
        return ShownPart(part, "plain", words, reading, number)
    if kind not in FILES:
        return ShownPart(part, kind, words, reading, number, chosen=chosen)
    if part.object is None:
        return ShownPart(part, "file", words, reading, number)
    size, drawn = sizes.get(part.object), drawn_as(kind, part.mime)
    is_gone = size == 0
    return ShownPart(
        part, "file" if is_gone else drawn, words, reading, number, not is_gone, is_gone=is_gone, size=size or 0
    )


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
