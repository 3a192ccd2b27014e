"""Empties the cells of a workbook that its program does not show: those of hidden rows and columns, and those whose
format shows nothing.

A row or column may be hidden by hand, by a filter or as a part of a closed group. The library that reads workbooks does
not tell. It tells which sheets are hidden; they are not looked at here. Workbooks of the old format are none of these
archives.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from itertools import groupby
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from events.numbers import whole_number

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TRACES = re.compile(rb"""hidden|collapse|visibility|display=|\b(?:ht|width)\s*=\s*["']0|;;;""")
"""Without one of them in a part, nothing of the workbook is hidden by it."""

_WIDEST = 16_384
"""Columns of a sheet."""


def without_unseen(archive: io.BytesIO) -> io.BytesIO | None:
    """The workbook without what is not shown of it; None: all is shown."""
    with zipfile.ZipFile(archive) as packed:
        parts = {one.filename: packed.read(one) for one in packed.infolist()}
    trees = {name: root for name, body in parts.items() if _TRACES.search(body) and (root := _tree(body)) is not None}
    formats = {number for root in trees.values() if _local(root) == "styleSheet" for number in _empty_formats(root)}
    if formats:
        trees = {name: root for name, body in parts.items() if (root := _tree(body)) is not None}
    changed = dict[str, bytes]()
    for name, root in trees.items():
        cells = _of_excel(root, formats) if _local(root) == "worksheet" else _of_opendocument(root)
        if sum([_empty(one) for one in cells]):
            changed[name] = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    if not changed:
        return None
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as plain:
        for name, body in parts.items():
            plain.writestr(name, changed.get(name, body))
    into.seek(0)
    return into


def _tree(body: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError:  # a picture, or damaged: who reads the workbook says so
        return None


def _empty_formats(styles: Any) -> Iterator[int]:
    """The places of cell formats that show nothing, as `;;;` does."""
    empty = {
        one.get("numFmtId")
        for one in styles.iter("{*}numFmt")
        if set(code := str(one.get("formatCode")).strip()) == {";"} and len(code) > 2
    }
    for formats in styles.iter("{*}cellXfs"):
        for number, one in enumerate(formats.iterchildren("{*}xf")):
            if one.get("numFmtId") in empty:
                yield number


def _of_excel(sheet: Any, formats: set[int]) -> Iterator[Any]:
    """The cells of a sheet that are not shown."""
    columns = [
        (_number(one.get("min")), _number(one.get("max")))
        for one in sheet.iter("{*}col")
        if _is_on(one.get("hidden")) or _is_none(one.get("width"))
    ]
    for row in sheet.iter("{*}row"):
        is_hidden = _is_on(row.get("hidden")) or _is_none(row.get("ht"))
        column = 0
        for cell in row.iterchildren("{*}c"):
            column = _column(cell.get("r")) or column + 1
            is_in = any(first <= column <= last for first, last in columns)
            if is_hidden or is_in or _number(cell.get("s")) in formats:
                yield cell


def _of_opendocument(content: Any) -> Iterator[Any]:
    for sheet in content.iter(f"{_TABLE}table"):
        hidden = list[bool]()
        for column in sheet.iter(f"{_TABLE}table-column"):
            hidden += [_is_closed(column)] * min(_repeated(column), _WIDEST)
        for row in sheet.iter(f"{_TABLE}table-row"):
            if _is_closed(row):
                yield from _cells(row)
            elif any(hidden):
                place = 0
                for cell in _cells(row):
                    width = min(_repeated(cell), _WIDEST)
                    shown = (hidden[place : place + width] + [False] * width)[:width]
                    place += width
                    yield from _hidden_parts(cell, shown)


def _hidden_parts(cell: Any, hidden: list[bool]) -> Iterator[Any]:
    """The cell, if all columns in which it is repeated are hidden; if some are, the cells for those."""
    if all(hidden):
        yield cell
    elif any(hidden) and len(cell):
        for is_hidden, some in groupby(hidden):
            part = deepcopy(cell)
            part.set(f"{_TABLE}number-columns-repeated", str(len(list(some))))
            cell.addprevious(part)
            if is_hidden:
                yield part
        cell.getparent().remove(cell)


def _cells(row: Any) -> list[Any]:
    return list(row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"))


def _is_closed(element: Any) -> bool:
    """Whether a row or a column is not shown, itself or with its group."""
    groups = element.iterancestors(f"{_TABLE}table-row-group", f"{_TABLE}table-column-group")
    return element.get(f"{_TABLE}visibility") in {"collapse", "filter"} or any(
        group.get(f"{_TABLE}display") == "false" for group in groups
    )


def _empty(cell: Any) -> bool:
    """Take the content out of a cell; whether it had some."""
    had = bool(len(cell))
    for child in list(cell):
        cell.remove(child)
    for name in [one for one in cell.attrib if one == "t" or one.startswith(_OFFICE)]:
        del cell.attrib[name]
    return had


def _repeated(element: Any) -> int:
    return max(_number(element.get(f"{_TABLE}number-columns-repeated")), 1)


def _column(reference: str | None) -> int:
    """The number of the column, from 1, as in `AB12`; 0: it does not say."""
    number = 0
    for letter in re.match(r"[A-Za-z]{0,3}", reference or "")[0].upper():  # type: ignore[index]
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _number(value: str | None) -> int:
    return whole_number(value or "") or 0


def _is_on(value: str | None) -> bool:
    return value in {"1", "true"}


def _is_none(value: str | None) -> bool:
    return value is not None and re.fullmatch(r"0+(?:\.0*)?", value) is not None


def _local(root: Any) -> str:
    return str(etree.QName(root).localname)
