"""Draws the words of a message as WhatsApp does: bold, italic, struck out, code, lists, quotes and links.

Nothing of a text is HTML: every piece of it is escaped, and the tags are made here. Only http and https become links.
https://faq.whatsapp.com/539178204879377
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup, escape

from chat.unseen import unturned

_TAGS = {"*": "strong", "_": "em", "~": "s"}
_WHOLE = re.compile(
    r"```(?P<block>(?:(?!```).)+)```|`(?P<code>[^`\n]+)`|(?P<link>https?://[^\s<>\"'`]+)", re.DOTALL | re.IGNORECASE
)
"""Pieces in which no mark counts."""

LOOKED_AT = 1000
"""Characters of a text that a preview is made of."""

_NUMBERED = re.compile(r'<li value="([0-9]+)">')
_ENDS = re.compile(r"</?(?:li|ul|ol|blockquote)[ >]")
_AFTER_A_LINK = ".,;:!?*_~)]}»”’…"
_PAIRS = {")": "(", "]": "[", "}": "{"}
_BLOCK = re.compile(r"(?P<bullet>[*-] )|(?P<number>[1-9][0-9]{0,3})\. |(?P<quote>> ?)", re.ASCII)


class _Piece(NamedTuple):
    """A piece of a line: words, or code, or a link. `text`: the shown words."""

    kind: str
    text: str


class _Lined(NamedTuple):
    """A line: the kind of block that it is of, empty for none; its mark without the dot; and its content."""

    kind: str
    value: str
    drawn: Markup


def formatted(text: str) -> Markup:
    """The text as HTML for a block that keeps white space. Without its marks it has the words of the text."""
    blocks = groupby(map(_block, _lines(_pieces(unturned(text)))), key=lambda line: line.kind)
    return Markup("").join(_BLOCKS[kind](list(lines)) for kind, lines in blocks)


def plain(text: str) -> str:
    """The words of the text on one line, without the marks that draw them."""
    drawn = _NUMBERED.sub(r"\g<0>\1. ", str(formatted(text)))
    return Markup(_ENDS.sub(r" \g<0>", drawn)).striptags()  # noqa: S704 - what `formatted` has escaped


def _pieces(text: str) -> Iterator[_Piece]:
    at = 0
    for found in _WHOLE.finditer(text):
        kind, said = found.lastgroup or "", found[found.lastgroup or 0]
        if not said.strip():
            continue
        end = found.end()
        if kind == "link":
            said = _link(said)
            end = found.start() + len(said)
            if said.endswith("//"):
                continue
        yield _Piece("words", text[at : found.start()])
        yield _Piece(kind, said)
        at = end
    yield _Piece("words", text[at:])


def _link(address: str) -> str:
    """The address without the signs of the sentence around it."""
    end = len(address)
    opened = {closing: address.count(opening) - address.count(closing) for closing, opening in _PAIRS.items()}
    while end and address[end - 1] in _AFTER_A_LINK:
        last = address[end - 1]
        if last in _PAIRS:
            if opened[last] >= 0:
                break
            opened[last] += 1
        end -= 1
    return address[:end]


def _lines(pieces: Iterator[_Piece]) -> Iterator[list[_Piece]]:
    line: list[_Piece] = []
    for piece in pieces:
        if piece.kind != "words":
            line.append(piece)
            continue
        first, *others = piece.text.split("\n")
        line.append(_Piece("words", first))
        for words in others:
            yield line
            line = [_Piece("words", words)]
    yield line


def _block(line: list[_Piece]) -> _Lined:
    first = line[0].text
    found = _BLOCK.match(first)
    if found is None or not (first[found.end() :].strip() or len(line) > 1):
        return _Lined("", "", _inline(line))
    kind = found.lastgroup or ""
    return _Lined(kind, found[kind], _inline([_Piece("words", first[found.end() :]), *line[1:]]))


def _items(lines: list[_Lined]) -> Markup:
    return Markup("<ul>{}</ul>").format(Markup("").join(Markup("<li>{}</li>").format(one.drawn) for one in lines))


def _numbered(lines: list[_Lined]) -> Markup:
    items = (Markup('<li value="{}">{}</li>').format(one.value, one.drawn) for one in lines)
    return Markup("<ol>{}</ol>").format(Markup("").join(items))


def _said(lines: list[_Lined]) -> Markup:
    return Markup("\n").join(one.drawn for one in lines)


_BLOCKS: Mapping[str, Callable[[list[_Lined]], Markup]] = {
    "": _said,
    "bullet": _items,
    "number": _numbered,
    "quote": lambda lines: Markup("<blockquote>{}</blockquote>").format(_said(lines)),
}


def _inline(line: list[_Piece]) -> Markup:
    """One line. Pieces other than words are one character each while marks are looked for."""
    flat: list[str] = []
    whole: dict[int, _Piece] = {}
    at = 0
    for piece in line:
        if piece.kind == "words":
            flat.append(piece.text)
            at += len(piece.text)
        else:
            whole[at] = piece
            flat.append(".")
            at += 1
    text = "".join(flat)
    return _Line(text, whole).drawn(0, len(text), "")


class _Line:
    def __init__(self, text: str, whole: dict[int, _Piece]) -> None:
        self._text = text
        self._whole = whole
        self._closings: dict[str, list[int]] = {
            mark: [at for at, char in enumerate(text) if char == mark and self._closes(at)] for mark in _TAGS
        }

    def drawn(self, begin: int, end: int, inside: str) -> Markup:
        """The characters from `begin` to `end`; `inside`: the marks that are open around them."""
        drawn: list[Markup] = []
        at = done = begin
        while at < end:
            char = self._text[at]
            if at in self._whole:
                drawn += [escape(self._text[done:at]), _drawn(self._whole[at])]
                at = done = at + 1
            elif char in _TAGS and char not in inside and (closing := self._closing(at, end)):
                tag = _TAGS[char]
                content = self.drawn(at + 1, closing, inside + char)
                drawn += [escape(self._text[done:at]), Markup(f"<{tag}>") + content + Markup(f"</{tag}>")]  # noqa: S704
                at = done = closing + 1
            else:
                at += 1
        drawn.append(escape(self._text[done:end]))
        return Markup("").join(drawn)

    def _closing(self, at: int, end: int) -> int:
        """The place at which the mark that opens at `at` closes; 0: it does not."""
        text = self._text
        if at + 2 >= end or text[at + 1].isspace() or text[at + 1] == text[at] or (at and text[at - 1].isalnum()):
            return 0
        closings = self._closings[text[at]]
        place = bisect_left(closings, at + 2)
        return closings[place] if place < len(closings) and closings[place] < end else 0

    def _closes(self, at: int) -> bool:
        text = self._text
        return at > 0 and not text[at - 1].isspace() and not (at + 1 < len(text) and text[at + 1].isalnum())


def _drawn(piece: _Piece) -> Markup:
    return _WHOLES[piece.kind].format(piece.text)


_WHOLES = {
    "block": Markup('<code class="block">{}</code>'),
    "code": Markup("<code>{}</code>"),
    "link": Markup('<a href="{0}" rel="noreferrer noopener nofollow external" target="_blank">{0}</a>'),
}
