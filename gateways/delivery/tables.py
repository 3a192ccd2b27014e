"""Tables of markdown as lines that a phone can show: cells between bars, or one line `heading: value` for each cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

MOST_COLUMNS = 3
"""Columns that fit beside each other on a phone."""

_GROWTH = 4
"""A table becomes at most so many times as long by its repeated headings; otherwise it keeps its bars."""

_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-++:?[ \t]*(?:\|[ \t]*:?-++:?[ \t]*)*+\|?[ \t]*")
_BAR = re.compile(r"`[^`]*`|\\.|(?P<bar>\|)")

Row = list[str]


def table_at(lines: Sequence[str], first: int) -> int:
    """The number of lines of the table that begins with `lines[first]`; 0 if none does."""
    if first + 1 >= len(lines) or "|" not in lines[first] or not _is_delimiter(lines[first + 1]):
        return 0
    if _is_delimiter(lines[first]) or len(_cells(lines[first])) != len(_cells(lines[first + 1])):
        return 0
    end = first + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    return end - first


def shown(lines: Sequence[str], cell: Callable[[str], str]) -> str:
    """The table `lines` as text; `cell` formats the words of a cell."""
    rows = [
        [cell(words.replace("\\|", "|").strip()) for words in _cells(line)] for line in lines if not _is_empty(line)
    ]
    heading = [] if _is_empty(lines[0]) else rows.pop(0)
    wide = rows and len(heading or rows[0]) > MOST_COLUMNS
    if wide and len(rows) * sum(map(len, heading)) <= _GROWTH * sum(map(len, lines)):
        return "\n\n".join("\n".join(_lines(heading, row)) for row in rows)
    return "\n".join(" | ".join(row).strip() for row in ([heading] if heading else []) + rows)


def _lines(heading: Row, row: Row) -> Row:
    headings = heading + [""] * (len(row) - len(heading))
    return [f"{name}: {value}" if name else value for name, value in zip(headings, row, strict=False) if value]


def _cells(line: str) -> Row:
    line = line.strip()
    bars = [mark.start() for mark in _BAR.finditer(line) if mark["bar"]]
    cells = [line[start + 1 : end] for start, end in pairwise([-1, *bars, len(line)])]
    if len(cells) > 1 and not cells[0].strip():
        del cells[0]
    if len(cells) > 1 and not cells[-1].strip():
        del cells[-1]
    return cells


def _is_delimiter(line: str) -> bool:
    return "|" in line and _DELIMITER.fullmatch(line) is not None


def _is_empty(line: str) -> bool:
    """True if the row is blank or a delimiter, which has no words."""
    return not line.strip(" \t|:-")
