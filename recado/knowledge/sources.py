"""The files of which documents are made: which there are, of which type, and under which names."""

from __future__ import annotations

import stat
import unicodedata
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from events.library import LARGEST

TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xls": "application/vnd.ms-excel",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".csv": "text/csv",
    ".tsv": "text/csv",
    ".html": "text/html",
    ".htm": "text/html",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".txt": "text/plain",
}
"""Types of files, by the ends of their names."""

_SIGNATURES = {
    "application/pdf": b"%PDF-",
    TYPES[".docx"]: b"PK",
    TYPES[".xlsx"]: b"PK",
    TYPES[".ods"]: b"PK",
    TYPES[".xls"]: b"\xd0\xcf\x11\xe0",
}
"""The first bytes of files of a type."""


class SourceRefused(Exception):
    """A source cannot become a document; the message says why, and what to do."""


class Gone(SourceRefused):
    """There is nothing at a source any more."""


class Content(msgspec.Struct, frozen=True):
    """The content of a source.

    - `mime`: its type.
    - `name`: the document's name.
    """

    body: bytes
    mime: str
    name: str


class Source(msgspec.Struct, frozen=True):
    """A file that is to become a document.

    - `name`: the document's name.
    - `path`: of the file.
    - `mime`: its type; empty: none that is read.
    """

    name: str
    path: Path
    mime: str


def sources_in(paths: Sequence[Path]) -> Iterator[Source]:
    """The files, and those in the folders, sorted; a file in a folder is named by its place in it. Hidden ones are
    left out."""
    for path in paths:
        if path.is_dir():
            found = (one for one in path.rglob("*") if one.is_file() and not _is_hidden(one.relative_to(path)))
            yield from (_source(one, one.relative_to(path).as_posix()) for one in sorted(found))
        else:
            yield _source(path, path.name)


def read_file(source: Source) -> Content:
    """The content of the file. Raises SourceRefused."""
    if not source.mime:
        raise SourceRefused(f"its name ends in none of {', '.join(TYPES)}")
    try:
        found = source.path.stat()
        if not stat.S_ISREG(found.st_mode):  # it may have no end, or never begin
            raise SourceRefused("it is no ordinary file: save it as one")
        if found.st_size > LARGEST:
            raise SourceRefused(f"it has {found.st_size:,} bytes, and a document has at most {LARGEST:,}: split it")
        body = source.path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Gone("there is no such file any more") from error
    except OSError as error:
        raise SourceRefused(f"it cannot be opened: {error.strerror}") from error
    return checked(Content(body, source.mime, source.name))


def checked(content: Content) -> Content:
    """The same content. Raises SourceRefused if it cannot be of its type."""
    if not content.body:
        raise SourceRefused("it is empty")
    signature = _SIGNATURES.get(content.mime)
    if signature is not None and not content.body.startswith(signature):
        ending = next(ending for ending, mime in TYPES.items() if mime == content.mime)
        if content.body.startswith(_SIGNATURES[TYPES[".xls"]]):  # such a file is around one with a password, too
            raise SourceRefused(f"it is protected by a password, or of an old format: save it without one as {ending}")
        raise SourceRefused(f"it is no {ending} file: save it again as one")
    return content


def named(path: Path, name: str) -> Source:
    """The file as a document of this name."""
    return Source(name, path, TYPES.get(path.suffix.lower(), ""))


def digest_of(body: bytes) -> str:
    return sha256(body).hexdigest()


def _source(path: Path, name: str) -> Source:
    return named(path, unicodedata.normalize("NFC", name))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "~$")) for part in path.parts)
