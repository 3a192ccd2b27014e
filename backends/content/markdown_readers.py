"""Reads documents of the business as Markdown.

Headings and tables are kept, since the text is cut into pieces by both.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from backends.content.extract_process import cell, unpacked
from backends.content.left_out import LeftOut
from backends.content.separated import decoded, rows_of
from events.details import Detail
from events.numbers import whole_number

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

LONGEST = 4_000_000
"""Characters of a document."""

_DEEPEST = 6
"""Levels of headings in Markdown."""

_LEFT_OUT = (
    "script, style, noscript, template, nav, aside, iframe, svg, button, input, select, textarea, "
    ":is(header, footer):not(:is(article, section, main) *)"
)
"""Elements of a page that say nothing of its matter: what is around it, and what one fills in. Others may hold it: a
form is around all of many pages, and an article's title is in its header."""


def pdf(body: bytes, left_out: LeftOut) -> Iterator[str]:
    from pypdf import PdfReader  # noqa: PLC0415 - one of many, half a second each
    from pypdf.errors import DependencyError, FileNotDecryptedError  # noqa: PLC0415 - as that

    from backends.content.unseen_in_pdf import seen_text  # noqa: PLC0415 - it needs that

    reader = PdfReader(io.BytesIO(body))  # it has tried the empty password
    try:
        pages = [seen_text(page, left_out).strip() for page in reader.pages]
    except (FileNotDecryptedError, DependencyError) as error:
        raise ValueError(Detail.LOCKED) from error
    if not any(pages):
        raise ValueError(Detail.ALL_HIDDEN if left_out.words else Detail.NO_TEXT_LAYER)
    for page in pages:
        yield from (page, "")


def word(body: bytes, left_out: LeftOut) -> Iterator[str]:
    from docx import Document  # noqa: PLC0415 - one of many, half a second each
    from docx.table import Table  # noqa: PLC0415 - one of many, half a second each

    from backends.content.unseen_in_word import take_out_unseen  # noqa: PLC0415 - it needs that

    document = Document(unpacked(body))
    take_out_unseen(document, left_out)
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            yield from ("", *table([_once(row.cells) for row in block.rows]), "")
            continue
        style = (block.style.name or "") if block.style is not None else ""
        before, _, number = style.partition("Heading ")
        level = 1 if style == "Title" else None if before else whole_number(number)
        if level is not None:
            yield f"{'#' * min(level, _DEEPEST)} {' '.join(block.text.split())}"
        else:
            yield from (block.text, "")


def sheet(body: bytes, left_out: LeftOut) -> Iterator[str]:
    from python_calamine import CalamineWorkbook, SheetVisibleEnum  # noqa: PLC0415 - one of many, half a second each

    from backends.content.unseen_in_sheets import without_unseen  # noqa: PLC0415 - it needs lxml

    is_packed = zipfile.is_zipfile(io.BytesIO(body))  # the old format is not
    file = unpacked(body) if is_packed else io.BytesIO(body)
    seen = without_unseen(file) if is_packed else None
    file.seek(0)
    if seen is not None:
        of_all, of_seen = (_words_of(CalamineWorkbook.from_filelike(one)) for one in (file, seen))
        left_out.words += of_all - of_seen
        seen.seek(0)
    book = CalamineWorkbook.from_filelike(seen or file)
    for one in book.sheets_metadata:
        rows = _rows_of(book, one.name)
        if one.visible == SheetVisibleEnum.Visible:
            yield from (f"# {one.name}", "", *table(rows), "")
        else:
            left_out.count(" ".join(value for row in rows for value in row))


def _rows_of(book: CalamineWorkbook, name: str) -> list[list[str]]:
    return [[cell(value) for value in row] for row in book.get_sheet_by_name(name).iter_rows()]


def _words_of(book: CalamineWorkbook) -> int:
    rows = (row for name in book.sheet_names for row in _rows_of(book, name))
    return sum(len(value.split()) for row in rows for value in row)


def comma_separated(body: bytes, _: LeftOut) -> Iterator[str]:
    yield from table(rows_of(decoded(body)))


def page(body: bytes, left_out: LeftOut) -> Iterator[str]:
    from bs4 import BeautifulSoup  # noqa: PLC0415 - one of many, half a second each
    from markdownify import MarkdownConverter  # noqa: PLC0415 - one of many, half a second each

    from backends.content.unseen import take_out_unseen  # noqa: PLC0415 - it needs that

    tree = BeautifulSoup(body, "html.parser")
    take_out_unseen(tree, _LEFT_OUT, left_out)
    title = " ".join(tree.title.get_text().split()) if tree.title is not None else ""
    root = tree.main or tree.body or tree
    if not root.get_text(strip=True) and not left_out.words:
        raise ValueError(Detail.NO_TEXT_WITHOUT_SCRIPT)
    text = MarkdownConverter(heading_style="ATX", strip=["a", "img"], table_infer_header=True).convert_soup(root)
    if title and root.h1 is None:
        yield f"# {title}"
    lines = [line.rstrip() for line in text.splitlines()]
    yield from (line for number, line in enumerate(lines) if line or (number and lines[number - 1]))


def plain(body: bytes, _: LeftOut) -> Iterator[str]:
    yield decoded(body)


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as a table of Markdown. Empty rows and columns are left out. Rows of one cell at the beginning are text
    above the table; the first other row is its heading."""
    lines = [[" ".join(value.split()).replace("|", "\\|") for value in row] for row in rows]
    lines = [row for row in lines if any(row)]
    titles = list(takewhile(lambda row: len(row) - row.count("") == 1, lines))
    if len(titles) == len(lines):  # a list, of one column or of none
        titles = []
    lines = lines[len(titles) :]
    width = max((len(row) for row in lines), default=0)
    full = [[*row, *[""] * (width - len(row))] for row in lines]
    columns = [number for number in range(width) if any(row[number] for row in full)]
    kept = [[row[number] for number in columns] for row in full]
    if not kept:
        return []
    head, *others = (f"| {' | '.join(row)} |" for row in kept)
    above = [line for row in titles for line in ("".join(row), "")]
    return [*above, head, f"|{'---|' * len(columns)}", *others]


def _once(cells: Sequence[Any]) -> list[str]:
    """The texts of a row's cells in Word; one that goes over several columns is there once, and is in each of its
    rows."""
    return ["" if number and one._tc is cells[number - 1]._tc else _words(one) for number, one in enumerate(cells)]  # noqa: SLF001 - the element, by which cells are the same


def _words(cell: Any) -> str:
    """The text of a cell in Word, and after it the rows of the tables in it."""
    rows = (", ".join(filter(None, _once(row.cells))) for inner in cell.tables for row in inner.rows)
    return "; ".join(filter(None, (cell.text.strip(), *rows)))


def whole(lines: Iterable[str], left_out: LeftOut) -> str:
    """The lines as one text. Raises ValueError if it is too long, or blank."""
    kept, size = list[str](), 0
    for line in lines:
        size += len(line) + 1
        if size > LONGEST:
            raise ValueError(Detail.TOO_MANY_CHARACTERS.said(longest=LONGEST))
        kept.append(line)
    text = "\n".join(kept).strip()
    if not text:
        raise ValueError(Detail.ALL_HIDDEN if left_out.words else Detail.NO_TEXT_LAYER)
    return text


_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
READERS: dict[str, Callable[[bytes, LeftOut], Iterator[str]]] = {
    "application/pdf": pdf,
    _WORD: word,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": sheet,
    "application/vnd.ms-excel": sheet,
    "application/vnd.oasis.opendocument.spreadsheet": sheet,
    "text/csv": comma_separated,
    "text/html": page,
    "application/xhtml+xml": page,
    "text/markdown": plain,
    "text/plain": plain,
}
"""Functions that read a document, by its MIME type."""


_SHEETS = ("python_calamine", "backends.content.unseen_in_sheets")
_PAGES = ("bs4", "markdownify", "backends.content.unseen")
LIBRARIES: dict[str, tuple[str, ...]] = {
    "application/pdf": ("pypdf", "backends.content.unseen_in_pdf"),
    _WORD: ("docx", "docx.table", "backends.content.unseen_in_word"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _SHEETS,
    "application/vnd.ms-excel": _SHEETS,
    "application/vnd.oasis.opendocument.spreadsheet": _SHEETS,
    "text/html": _PAGES,
    "application/xhtml+xml": _PAGES,
}
"""The modules that a reader imports, by MIME type."""
