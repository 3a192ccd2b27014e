"""Reads text of any encoding that people's programs write, and the rows of CSV in it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from itertools import islice

from events.details import Detail

SEPARATORS = ";\t|,"
"""Of two that fit as well, the first: a comma is within numbers and sentences, too."""

_TRIED = 50
"""Rows by which the separator is found."""

_LONGEST_CELL = 4_000_000
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def decoded(body: bytes) -> str:
    """The text. Raises ValueError if it is none."""
    marked = _MARKS.get(body[:2])
    if marked is None and b"\x00" in body[:4096]:
        raise ValueError(Detail.NOT_PLAIN)
    for encoding in (marked,) if marked is not None else ("utf-8-sig", "cp1252"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return body.decode(marked or "cp1252", errors="replace")


def rows_of(text: str) -> list[list[str]]:
    """The rows of a CSV by the separator that makes most rows equally wide. Raises ValueError."""
    csv.field_size_limit(_LONGEST_CELL)
    told, _, rest = text.partition("\n")
    if told.strip().lower().startswith("sep=") and len(told.strip()) == len("sep=;"):  # Excel's own line
        return _rows(rest, told.strip()[-1])
    return _rows(text, max(SEPARATORS, key=lambda separator: _fit(text, separator)))


def _fit(text: str, separator: str) -> float:
    """The share of rows that have the commonest number of columns, if that is more than one."""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        widths = [len(row) for row in islice(reader, _TRIED) if any(row)]
    except csv.Error:
        return 0.0
    (width, count), *_ = Counter(widths).most_common(1) or [(0, 0)]
    return count / len(widths) if width > 1 else 0.0


def _rows(text: str, separator: str) -> list[list[str]]:
    """Raises ValueError. A quotation mark that opens a cell and does not close it would take in all rows up to the next
    mark."""
    lines = io.StringIO(text, newline="")
    rows: list[list[str]] = []
    while True:
        begun, last = lines.tell(), 0
        reader = csv.reader(iter(lines.readline, ""), delimiter=separator, strict=True)
        try:
            for row in reader:
                rows.append(row)
                begun, last = lines.tell(), reader.line_num
        except csv.Error as error:
            if reader.line_num > last + 1:
                raise ValueError(
                    f"row {len(rows) + 1}: a quotation mark opens a cell there, and none closes it: close it, or write "
                    "the mark twice"
                ) from error
            rows.append(_row(text[begun : lines.tell()], separator))
        else:
            return rows


def _row(line: str, separator: str) -> list[str]:
    """The row of a line that has quotation marks in odd places."""
    try:
        return next(csv.reader([line], delimiter=separator))
    except csv.Error as error:
        raise ValueError(Detail.NO_CSV.said(error=error)) from error
