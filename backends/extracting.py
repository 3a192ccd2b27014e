"""The text of a document, in a process of its own: `python -m backends.extracting TYPE`, bytes in, UTF-8 out.

A document is whatever a stranger made it: one that takes for ever, or all memory, ends this process and nothing else.
Exit status 0 with the text, 3 with what is wrong with it.
"""

from __future__ import annotations

import io
import resource
import sys
from collections.abc import Callable, Iterator

MEMORY = 1024**3
SECONDS = 20
"""What a document may take before the process is ended."""

UNREADABLE = 3

LONGEST = 100_000
"""Characters after which nothing more is read."""


def pdf(body: bytes) -> Iterator[str]:
    from pypdf import PdfReader  # noqa: PLC0415 - one of three, half a second each

    for page in PdfReader(io.BytesIO(body)).pages:
        yield page.extract_text()


def word(body: bytes) -> Iterator[str]:
    from docx import Document  # noqa: PLC0415 - one of three, half a second each
    from docx.table import Table  # noqa: PLC0415 - one of three, half a second each

    for block in Document(io.BytesIO(body)).iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                yield "\t".join(cell.text for cell in row.cells)
        else:
            yield block.text


def sheet(body: bytes) -> Iterator[str]:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - one of three, half a second each

    book = CalamineWorkbook.from_filelike(io.BytesIO(body))
    for name in book.sheet_names:
        yield f"[{name}]"
        for row in book.get_sheet_by_name(name).iter_rows():
            yield "\t".join(_cell(value) for value in row)


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


READERS: dict[str, Callable[[bytes], Iterator[str]]] = {
    "application/pdf": pdf,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": word,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": sheet,
    "application/vnd.ms-excel": sheet,
    "application/vnd.oasis.opendocument.spreadsheet": sheet,
}
"""By the document's type."""


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    size = 0
    try:
        for part in READERS[sys.argv[1]](sys.stdin.buffer.read()):
            sys.stdout.buffer.write(part.encode(errors="replace") + b"\n")
            size += len(part)
            if size > LONGEST:
                break
    except Exception as error:  # noqa: BLE001 - the libraries raise what they like at what is no document
        sys.stderr.write(f"{type(error).__name__}: {error}"[:300])
        return UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
