"""Cuts a text into pieces that WhatsApp takes: where a reader pauses. Links, formats and list numbers stay whole.

Pure. A piece that ends inside a code block closes it, and the next one opens it again.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable

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
_WHOLE = re.compile(
    r"(?<!`)`[^`\n]{1,500}`(?!`)"
    r"|(?<![\w*])\*(?=[^\s*])[^*\n]{1,200}(?<=\S)\*(?!\w)"
    r"|(?<!\w)_(?=[^\s_])[^_\n]{1,200}(?<=\S)_(?!\w)"
    r"|(?<![\w~])~(?=[^\s~])[^~\n]{1,200}(?<=\S)~(?!\w)"
    r"|^[ \t]*(?:\d{1,9}[.)]|[-*+•>])[ \t]+(?=\S)",
    re.MULTILINE,
)
"""Code and formats within a line, and the number or mark of a list item with its first letter."""

_CODE = re.compile(CODE)
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
    return text[: _hard(text, room, _Spans(()))]


def _cut(text: str, budget: int, *, inside: bool) -> int:
    """The end of a piece of at most `budget`: the last border of the best kind that its second half has."""
    room = _within(text, budget)
    marks = [mark.span() for mark in _CODE.finditer(text, 0, room + len(CODE))]
    whole = _Spans(
        [
            *(link.span() for link in _LINK.finditer(text, 0, room + 2048)),
            *((span.start(), span.end() + 1) for span in _WHOLE.finditer(text, 0, room + 512)),
            *marks,
        ]
    )
    starts = ([0] if inside else []) + [start for start, _ in marks] + [len(text)]
    code = _Spans(zip(starts[::2], starts[1::2], strict=False))
    for number, border in enumerate(_BORDERS):
        lowest = room // 2 if number < len(_BORDERS) - 1 else 0
        # In code only a line's end is a good place.
        for end in reversed([match.end() for match in border.finditer(text, 0, room)]):
            if end <= lowest:
                break
            if whole.around(end) is None and (number == 1 or code.around(end) is None):
                return end
    return _hard(text, room, whole)


class _Spans:
    """Stretches of a text that are not cut through."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._starts.append(start)
                self._ends.append(end)

    def around(self, at: int) -> int | None:
        """The start of the stretch that a cut at `at` would tear."""
        number = bisect_left(self._starts, at) - 1
        return self._starts[number] if number >= 0 and at < self._ends[number] else None


def _within(text: str, budget: int) -> int:
    """The number of characters of `text` that fit."""
    used = 0
    for index, character in enumerate(text):
        used += 2 if character > "\uffff" else 1
        if used > budget:
            return index
    return len(text)


def _hard(text: str, room: int, whole: _Spans) -> int:
    """The end of a piece without a border: before a link that would be cut, and never inside one visible character."""
    if start := whole.around(room):
        return start
    end = room
    while end > 1 and (unicodedata.combining(text[end]) or text[end] in _GLUE or text[end - 1] == "\u200d"):
        end -= 1
    return end if end > 1 else room
