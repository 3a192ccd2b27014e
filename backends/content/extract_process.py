"""Extracts the text of a document in a process of its own: bytes in, UTF-8 out.

Run as `python -m backends.content.extract_process TYPE SECONDS`. A stranger made the document: one that takes for
ever, or all memory, ends this process and nothing else. Exit status 0 with the text, 3 with the reason why the
document cannot be read.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from backends.content.confinement import confine
from backends.content.reader_end import answer
from events.details import Detail

LONGEST = 60_000
"""Characters of the text; the rest is not read."""

UNPACKED = 100 * 1024**2
"""Bytes of all unpacked parts of a document together, at most."""


def pdf(body: bytes) -> Iterator[str]:
    from pypdf import PdfReader  # noqa: PLC0415 - one of three, half a second each

    for page in PdfReader(io.BytesIO(body)).pages:
        yield page.extract_text()


def word(body: bytes) -> Iterator[str]:
    from docx import Document  # noqa: PLC0415 - one of three, half a second each
    from docx.table import Table  # noqa: PLC0415 - one of three, half a second each

    for block in Document(unpacked(body)).iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                yield "\t".join(cell.text for cell in row.cells)
        else:
            yield block.text


def sheet(body: bytes) -> Iterator[str]:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - one of three, half a second each

    is_packed = zipfile.is_zipfile(io.BytesIO(body))  # the old format is not
    book = CalamineWorkbook.from_filelike(unpacked(body) if is_packed else io.BytesIO(body))
    for name in book.sheet_names:
        yield f"[{name}]"
        for row in book.get_sheet_by_name(name).iter_rows():
            yield "\t".join(cell(value) for value in row)


def unpacked(body: bytes) -> io.BytesIO:
    """The archive with its parts uncompressed, so that no library unpacks more than was counted here. Raises ValueError
    if the parts have more than UNPACKED bytes, BadZipFile if the size of a part differs from its declared size."""
    into, left = io.BytesIO(), UNPACKED
    with zipfile.ZipFile(io.BytesIO(body)) as packed, zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as plain:
        for part in packed.infolist():
            left -= part.file_size
            if left < 0:
                raise ValueError(Detail.UNPACKED.said(unpacked=UNPACKED))
            plain.writestr(part.filename, packed.read(part))
    into.seek(0)
    return into


def beginning(parts: Iterable[str]) -> str:
    """The parts, a line each, cut after LONGEST characters; later parts are not read."""
    kept, left = list[str](), LONGEST
    for part in parts:
        kept.append(part[: left - 1] + "\n")
        left -= len(kept[-1])
        if left <= 0:
            break
    return "".join(kept)


def cell(value: object) -> str:
    """A cell's value as a person reads it: all digits that a sheet keeps, and no midnight in a date."""
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    return str(value)


READERS: dict[str, Callable[[bytes], Iterator[str]]] = {
    "application/pdf": pdf,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": word,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": sheet,
    "application/vnd.ms-excel": sheet,
    "application/vnd.oasis.opendocument.spreadsheet": sheet,
}
"""Functions that read a document, by its MIME type."""


def main() -> int:
    confine(int(sys.argv[2]))  # `recado doctor` reports the bounds that the system refuses
    return answer(lambda body: beginning(READERS[sys.argv[1]](body)).encode(errors="replace"))


if __name__ == "__main__":
    sys.exit(main())
