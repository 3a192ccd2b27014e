"""The file of the index: documents in force, their pieces, and the vectors of pieces."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar
from urllib.parse import quote

import sqlite_vec
import structlog
from pysqlite3 import dbapi2 as sqlite3

from chat.unseen import seen
from events.knowledge import Place, Version
from events.private_file import open_private
from projections.database import primary_code
from projections.knowledge import meanings
from projections.knowledge.forms import CONCEPTS, forms_of
from projections.knowledge.languages import language_of
from projections.knowledge.parts import words_of
from projections.knowledge.pieces import MOST, TOO_MANY, Piece, pieces_of

PIECES = 7
"""Raise it when the same text makes other pieces, forms or words to embed."""

SCHEMA = Path(__file__).with_name("schema.sql").read_text()
VERSION = f"{PIECES}.{zlib.crc32(' '.join((re.sub(r'--.*', '', SCHEMA) + CONCEPTS).split()).encode()):08x}"
"""Of a usable file; a file of any other version is made again."""

MOST_TELLING = 30
"""Pieces by which the language of a document is told."""

_PAGE = 16384
"""Bytes of a page: a search by meaning reads all vectors of a collection, a quarter faster than in pages of 4,096."""

_PATIENCE = 5000
"""Milliseconds to wait for a lock of another connection."""

_OF_THE_FILE = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT}
"""Codes of errors that a new file does not have. After others, such as a full disk, the file is intact."""

log = structlog.get_logger("recado.knowledge")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


P = ParamSpec("P")
T = TypeVar("T")


class Text(NamedTuple):
    """The text of a document as Markdown, or the reason why there is none."""

    text: str
    reason: str | None = None


class Index:
    """The index in the file at `path`, which is made if it is missing, damaged, or of another version. None: in
    memory. A thread at a time may write, and one may read beside it, if `reads_beside`. Raises sqlite3.DatabaseError,
    OSError if it cannot be opened now.

    - `db`: the connection that writes. In memory it reads, too: SQLite has no reading beside a writer there.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._open()

    @classmethod
    def copy_of(cls, path: Path) -> Index:
        """In memory, what the file of an instance has, which is only read; nothing if there is no whole one of this
        version."""
        copy = cls(None)
        try:
            source = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)
        except sqlite3.OperationalError:  # there is none
            return copy
        try:
            if source.execute("SELECT version FROM meta").fetchone() == (VERSION,):
                source.backup(copy.db)
                if copy.db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",):
                    copy.stream, copy.checkpoint = copy._read_up_to()
                    return copy
                log.warning("index_damaged", file=str(path), then="it is made of the stream")
        except sqlite3.DatabaseError as damaged:
            log.warning("index_damaged", file=str(path), reason=str(damaged), then="it is made of the stream")
        finally:
            source.close()
        copy.close()
        return cls(None)

    @property
    def reads_beside(self) -> bool:
        return self._reading is not self.db

    def close(self) -> None:
        self._reading.close()
        self.db.close()

    def _open(self, *, afresh: bool = False) -> None:
        self.db = _opened(self._path, afresh=afresh)
        try:
            self._reading = self.db if self._path is None else _connected(self._path)
            self.stream, self.checkpoint = self._read_up_to()
        except BaseException:
            self.db.close()
            raise

    def reopen(self, fault: Exception) -> None:
        """Go on after a fault with the content of the file. It is made again if the fault is the file's own. Raises
        sqlite3.DatabaseError, OSError if it cannot be opened now."""
        self.close()
        self._open(afresh=primary_code(fault) in _OF_THE_FILE)

    def _read_up_to(self) -> tuple[str, int]:
        stream, checkpoint = self.db.execute("SELECT stream, checkpoint FROM meta").fetchone()
        return stream, checkpoint

    def take(self, stream: str, last: int, versions: Iterable[tuple[Version, Text]], *, afresh: bool) -> None:
        """Have these versions, in their order, and all up to the sequence `last`, in one transaction.

        - `afresh`: drop all that came from another stream first.
        """
        with self.db as db:  # commits, or rolls back
            db.execute("BEGIN IMMEDIATE")
            if afresh:
                self._drop_all()
            for version, text in versions:
                self._replace(version, text)
            db.execute("UPDATE meta SET stream = ?, checkpoint = ?", (stream, last))
        self.stream, self.checkpoint = stream, last

    def replace_with(self, other: Index) -> bool:
        """Have what the other index has, in one transaction. False, and nothing is changed, if this one has read
        further in the meantime."""
        with self.db as db:
            db.execute("BEGIN IMMEDIATE")
            stream, checkpoint = db.execute("SELECT stream, checkpoint FROM meta").fetchone()
            if stream == other.stream and checkpoint > other.checkpoint:
                return False
            self._drop_all()
            for row in other.db.execute("SELECT * FROM documents"):
                db.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            for row in other.db.execute("SELECT * FROM pieces"):
                db.execute("INSERT INTO pieces VALUES (?, ?, ?, ?, ?, ?)", row)
            named = "SELECT pieces.id, name, headings, text FROM pieces JOIN documents ON documents.id = document"
            for id_, name, headings, text in other.db.execute(named):
                self._note_forms(id_, name, Piece(headings, text))
            for (document,) in db.execute("SELECT id FROM documents").fetchall():
                meanings.add_pieces(db, document)
            db.execute("UPDATE meta SET stream = ?, checkpoint = ?", (other.stream, other.checkpoint))
        self.stream, self.checkpoint = other.stream, other.checkpoint
        return True

    def read(self, part: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a part that only reads, of one state of the index."""
        with self._reading as db:
            db.execute("BEGIN")
            return part(db, *args, **kwargs)

    def write(self, part: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a part of `meanings`, in a transaction of its own."""
        with self.db as db:
            db.execute("BEGIN IMMEDIATE")
            return part(db, *args, **kwargs)

    def unfound(self) -> dict[int, str]:
        """By sequence, the versions in force that have no pieces, and why."""
        query = (
            "SELECT id, coalesce(reason, 'it has no words') FROM documents "
            "WHERE NOT EXISTS (SELECT 1 FROM pieces WHERE document = documents.id)"
        )
        return self.read(lambda db: dict(db.execute(query).fetchall()))

    def _replace(self, version: Version, text: Text) -> None:
        self._drop(version.place)
        if version.document.removed:
            return
        at, reason = version.document.at, text.reason
        pairs = version.document.faq
        pieces = [Piece(seen(pair.q), seen(pair.a)) for pair in pairs] if pairs else pieces_of(seen(text.text))
        if len(pieces) > MOST:
            pieces, reason = [], TOO_MANY
            log.warning("document_not_indexed", document=str(version.place), seq=version.seq, reason=reason)
        self.db.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                version.seq,
                version.place.collection,
                version.place.name,
                version.document.source,
                0 if at is None else int((at - _EPOCH).total_seconds() * 1_000_000),
                language_of("\n".join(f"{piece.headings}\n{piece.text}" for piece in pieces[:MOST_TELLING])),
                reason,
            ),
        )
        for number, piece in enumerate(pieces):
            id_ = version.seq * MOST + number
            row = (id_, version.seq, number, piece.headings, piece.text, digest(version.place.name, piece))
            self.db.execute("INSERT INTO pieces VALUES (?, ?, ?, ?, ?, ?)", row)
            self._note_forms(id_, version.place.name, piece)
        meanings.add_pieces(self.db, version.seq)

    def _note_forms(self, id_: int, name: str, piece: Piece) -> None:
        words = forms_of(f"{name} {piece.headings} {piece.text}")
        self.db.execute("INSERT INTO forms (rowid, words) VALUES (?, ?)", (id_, words))

    def _drop(self, place: Place) -> None:
        key = (place.collection, place.name)
        row = self.db.execute("SELECT id FROM documents WHERE collection = ? AND name = ?", key).fetchone()
        if row is not None:
            meanings.drop_pieces(self.db, row[0])
            self.db.execute("DELETE FROM forms WHERE rowid IN (SELECT id FROM pieces WHERE document = ?)", row)
            self.db.execute("DELETE FROM pieces WHERE document = ?", row)
            self.db.execute("DELETE FROM documents WHERE id = ?", row)

    def _drop_all(self) -> None:
        meanings.drop_all_pieces(self.db)
        self.db.execute("DELETE FROM forms")
        self.db.execute("DELETE FROM pieces")
        self.db.execute("DELETE FROM documents")


def digest(name: str, piece: Piece) -> bytes:
    """The name of the embedded text of a piece of the document."""
    return sha256(words_of(name, piece).encode()).digest()[:16]


def _opened(path: Path | None, *, afresh: bool = False) -> sqlite3.Connection:
    db = _connected(path)
    try:
        if afresh or not _is_usable(db):
            db.close()
            if path is not None:
                for suffix in ("", "-wal", "-shm", "-journal"):
                    path.with_name(path.name + suffix).unlink(missing_ok=True)
            db = _connected(path)
            db.execute(f"PRAGMA page_size = {_PAGE}")
            db.executescript(SCHEMA)
            db.execute("INSERT INTO meta VALUES (1, ?, '', 0)", (VERSION,))
        if path is not None:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        db.close()
        raise
    return db


def _is_usable(db: sqlite3.Connection) -> bool:
    """False: it is new, of another release, or damaged."""
    try:
        found = db.execute("SELECT version FROM meta").fetchone()
    except sqlite3.DatabaseError as fault:
        if primary_code(fault) not in _OF_THE_FILE:
            raise
        return False
    return bool(found == (VERSION,))


def _connected(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        os.close(open_private(path))
    db = sqlite3.connect(":memory:" if path is None else str(path), isolation_level=None, check_same_thread=False)
    db.execute(f"PRAGMA busy_timeout = {_PATIENCE}")
    db.execute("PRAGMA secure_delete = ON")
    return _loaded(db)


def _loaded(db: sqlite3.Connection) -> sqlite3.Connection:
    """The connection, with sqlite-vec."""
    db.enable_load_extension(True)
    sqlite_vec.load(db)
    db.enable_load_extension(False)
    return db
