"""Cuts a document's text, which is Markdown, into pieces that answer a question by themselves.

A piece lies within one section and bears the headings above it. A table is cut between rows, and each piece of it
begins with the table's own heading. Pure: the same text gives the same pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec
from semantic_text_splitter import TextSplitter

from events.details import Detail

SMALLEST, LARGEST = 300, 900
"""Characters of a piece of prose: it is cut at the best border between them. A text without borders is cut anywhere."""

AT_ONCE = 50_000
"""Characters that the splitter is given at once: its time grows with the square of them."""

LONGEST_HEADINGS = 200
"""Characters of the headings of a piece; of longer ones the last are kept."""

MOST = 20_000
"""Pieces of one document."""

TOO_MANY = Detail.TOO_MANY_PIECES.said(most=MOST)
"""The reason for which a document of more is not found."""

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_RULE = re.compile(r":?-+:?")


class Piece(msgspec.Struct, frozen=True):
    """A piece of a document.

    - `headings`: the headings above it, the outermost first, joined by ` › `.
    - `text`: its words.
    """

    headings: str
    text: str


class _Block(msgspec.Struct, frozen=True):
    """Lines of one section: a table, or prose."""

    headings: str
    lines: tuple[str, ...]
    is_table: bool


def pieces_of(text: str) -> list[Piece]:
    """The pieces of a document in its order, never a blank one. Of one that has too many: MOST and one more."""
    pieces: list[Piece] = []
    for block in _joined(_blocks(text.splitlines())):
        words = _of_table(block.lines) if block.is_table else _of_prose("\n".join(block.lines))
        pieces += [Piece(block.headings, found) for found in (one.strip() for one in words) if found]
        if len(pieces) > MOST:
            return pieces[: MOST + 1]
    return pieces


def _blocks(lines: Iterable[str]) -> Iterator[_Block]:
    """The text's tables and the prose between them."""
    headings: list[tuple[int, str]] = []
    kept: list[str] = []
    is_table = False
    fence = ""

    def block() -> _Block:
        return _Block(_said(headings), tuple(kept), is_table)

    for line in lines:
        if fence or (opened := _FENCE.match(line)):
            fence = _after(fence, line) if fence else opened[1]  # type: ignore[index]
            is_row, heading = False, None
        else:
            is_row, heading = line.lstrip().startswith("|"), _HEADING.match(line)
        if heading is not None or is_row != is_table:
            yield block()
            kept.clear()
            is_table = is_row
        if heading is not None:
            level = len(heading[1])
            words = heading[2].rstrip(" \t#")[-LONGEST_HEADINGS:]
            headings[:] = [*((above, outer) for above, outer in headings if above < level), (level, words)]
        else:
            kept.append(line)
    yield block()


def _after(fence: str, line: str) -> str:
    """The fence that is still open after the line."""
    closing = line.strip()
    return "" if len(closing) >= len(fence) and set(closing) == {fence[0]} else fence


def _joined(blocks: Iterable[_Block]) -> Iterator[_Block]:
    """The blocks with words. A section's blocks that are one piece together are one block."""
    last: _Block | None = None
    for block in blocks:
        if not any(line.strip() for line in block.lines):
            continue
        if last is not None and last.headings == block.headings and _size(last) + _size(block) <= SMALLEST:
            last = _Block(last.headings, (*last.lines, *block.lines), is_table=False)
            continue
        if last is not None:
            yield last
        last = block
    if last is not None:
        yield last


def _size(block: _Block) -> int:
    return sum(map(len, block.lines)) + len(block.lines)


def _said(headings: list[tuple[int, str]]) -> str:
    return " › ".join(words for _, words in headings if words)[-LONGEST_HEADINGS:].strip()


def _of_prose(text: str) -> Iterator[str]:
    for part in _parts(text):
        yield from _splitter().chunks(part) if len(part) > LARGEST else [part]


def _parts(text: str) -> Iterator[str]:
    """The text in parts of AT_ONCE characters at most, cut at a paragraph, a line or a blank near their end."""
    start = 0
    while len(text) - start > AT_ONCE:
        end = start + AT_ONCE
        borders = (text.rfind(border, end - LARGEST, end) for border in ("\n\n", "\n", " "))
        cut = next((border for border in borders if border > 0), end)
        yield text[start:cut]
        start = cut
    yield text[start:]


def _of_table(lines: tuple[str, ...]) -> Iterator[str]:
    """Pieces of a table, each with its heading. A row that is too long is a piece by itself, cut like prose; so is a
    heading that leaves no room for rows."""
    head = lines[:2] if len(lines) > 1 and _is_rule(lines[1]) else ()
    title, rest = list(head), lines[len(head) :]
    if not rest or sum(map(len, title)) > LARGEST // 2:
        yield from _of_prose("\n".join(title))
        title = []
    rows: list[str] = []
    size = sum(map(len, title))
    for row in rest:
        if rows and size + len(row) > LARGEST:
            yield "\n".join([*title, *rows])
            rows, size = [], sum(map(len, title))
        rows.append(row)
        size += len(row) + 1
        if size > LARGEST and len(rows) == 1:
            yield from ("\n".join([*title, part]) for part in _of_prose(row))
            rows, size = [], sum(map(len, title))
    if rows:
        yield "\n".join([*title, *rows])


def _is_rule(line: str) -> bool:
    """True if the line is the one below a table's heading."""
    cells = line.strip().removeprefix("|").removesuffix("|").split("|")
    return all(_RULE.fullmatch(cell.strip(" \t")) for cell in cells)


@lru_cache(maxsize=1)
def _splitter() -> TextSplitter:
    return TextSplitter((SMALLEST, LARGEST))
