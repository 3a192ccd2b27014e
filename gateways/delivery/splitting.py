"""Cuts a text into pieces that WhatsApp takes: where a reader pauses, and never inside a link or a mark of code.

Pure. A piece that ends inside a code block closes it, and the next one opens it again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from gateways.delivery.formatting import CODE

LIMIT = 4096
"""Characters of a text message (https://developers.facebook.com/docs/whatsapp/cloud-api/messages/text-messages)."""

CLOSE, _OPEN = f"\n{CODE}", f"{CODE}\n"
_BORDERS = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…])[\"'”’)\]*_~]*\s+|(?<=[。！？])"),
    re.compile(r"\s+"),
)
"""Places to cut, from the best to the worst."""

_LINK = re.compile(r"[a-z][a-z0-9+.-]{1,20}://\S+|www\.\S+", re.IGNORECASE)
_GLUE = frozenset("\u200d\ufe0e\ufe0f\u20e3")


def length(text: str) -> int:
    """UTF-16 code units: the strictest way to count characters (an emoji is two). A piece fits however WhatsApp
    counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def split(text: str, limit: int = LIMIT) -> list[str]:
    """The pieces of `text`, each at most `limit` long (32 or more) and none of them blank; none for a blank text."""
    pieces, rest, inside = [], text.strip(), False
    while rest:
        opening = _OPEN if inside else ""
        if length(opening + rest) <= limit:
            pieces.append(opening + rest)
            break
        end = _cut(rest, limit - length(opening) - length(CLOSE), inside=inside)
        head, rest = rest[:end], rest[end:]
        inside = inside ^ (head.count(CODE) % 2 == 1)
        pieces.append(opening + head.rstrip() + (CLOSE if inside else ""))
        # Code keeps its indentation; prose starts with a word.
        rest = rest.lstrip("\n") if inside else rest.lstrip()
    return [piece for piece in pieces if piece.replace(CODE, "").strip()]


def shortened(text: str, longest: int) -> str:
    """The beginning of `text`, at most `longest` long, cut at the best border in its last quarter."""
    room = _within(text, longest)
    if room == len(text):
        return text
    for border in _BORDERS:
        ends = [match.end() for match in border.finditer(text, room * 3 // 4, room)]
        if ends:
            return text[: ends[-1]].rstrip()
    return text[: _hard(text, room, [])]


def _cut(text: str, budget: int, *, inside: bool) -> int:
    """The end of a piece of at most `budget`: the last border of the best kind that its second half has."""
    room = _within(text, budget)
    whole = [match.span() for match in _LINK.finditer(text, 0, min(len(text), room + 2048))] + list(_marks(text, room))
    code = _code(text, room, inside=inside)
    for number, border in enumerate(_BORDERS):
        lowest = room // 2 if number < len(_BORDERS) - 1 else 0
        # In code only a line's end is a good place.
        ends = [
            match.end()
            for match in border.finditer(text, 0, room)
            if match.end() > max(lowest, 0)
            and not any(start < match.end() < end for start, end in whole)
            and (number == 1 or not any(start < match.end() < end for start, end in code))
        ]
        if ends:
            return ends[-1]
    return _hard(text, room, whole)


def _within(text: str, budget: int) -> int:
    """The number of characters of `text` that fit."""
    used = 0
    for index, character in enumerate(text):
        used += 2 if character > "\uffff" else 1
        if used > budget:
            return index
    return len(text)


def _marks(text: str, room: int) -> Iterator[tuple[int, int]]:
    """The places of code blocks' marks, which are not cut through."""
    return (match.span() for match in re.compile(CODE).finditer(text, 0, room + len(CODE)))


def _code(text: str, room: int, *, inside: bool) -> list[tuple[int, int]]:
    """The stretches inside code blocks."""
    marks = [start for start, _ in _marks(text, room)]
    borders = ([0] if inside else []) + marks + [len(text)]
    return [(borders[number], borders[number + 1]) for number in range(0, len(borders) - 1, 2)]


def _hard(text: str, room: int, whole: list[tuple[int, int]]) -> int:
    """The end of a piece without a border: before a link that would be cut, and never inside one visible character."""
    for start, end in whole:
        if start < room < end and start > 0:
            return start
    end = room
    while end > 1 and (unicodedata.combining(text[end]) or text[end] in _GLUE or text[end - 1] == "\u200d"):
        end -= 1
    return end if end > 1 else room
