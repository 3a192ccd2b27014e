"""The file of the index: documents in force, their pieces, and the vectors of pieces."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import sqlite_vec
from pysqlite3 import dbapi2 as sqlite3

from events.knowledge import Place, Version
from events.private_file import open_private
from projections.knowledge.forms import forms_of
from projections.knowledge.pieces import MOST, Piece, pieces_of

PIECES = 2
"""Raise it when the same text makes other pieces or forms."""

SCHEMA = Path(__file__).with_name("schema.sql").read_text()
VERSION = f"{PIECES}.{zlib.crc32(' '.join(re.sub(r'--.*', '', SCHEMA).split()).encode()):08x}"
"""Of a usable file; a file of any other version is made again."""

_PATIENCE = 5000
"""Milliseconds to wait for a lock of another connection."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Text(NamedTuple):
    """The text of a document as Markdown, or the reason why there is none."""

    text: str
    reason: str | None = None


class Index:
    """The index in the file at `path`, which is made if it is missing, damaged, or of another version. None: in
    memory. A thread at a time may use it."""

    def __init__(self, path: Path | None) -> None:
        self.db = _opened(path)
        self.stream, self.checkpoint = self.db.execute("SELECT stream, checkpoint FROM meta").fetchone()

    def close(self) -> None:
        self.db.close()

    @property
    def created(self) -> datetime | None:
        """When the stream was created whose versions the file has; None: none was read yet."""
        return datetime.fromisoformat(self.stream) if self.stream else None

    def take(self, stream: datetime, last: int, versions: Iterable[tuple[Version, Text]], *, afresh: bool) -> None:
        """Have these versions, in their order, and all up to the sequence `last`, in one transaction.

        - `afresh`: drop all that came from another stream first.
        """
        with self.db as db:  # commits, or rolls back
            db.execute("BEGIN IMMEDIATE")
            if afresh:
                self._drop_all()
            for version, text in versions:
                self._replace(version, text)
            self.stream, self.checkpoint = stream.isoformat(), last
            db.execute("UPDATE meta SET stream = ?, checkpoint = ?", (self.stream, last))

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
                db.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)", row)
            for row in other.db.execute("SELECT * FROM pieces"):
                db.execute("INSERT INTO pieces VALUES (?, ?, ?, ?, ?, ?)", row)
            named = "SELECT pieces.id, name, headings, text FROM pieces JOIN documents ON documents.id = document"
            for id_, name, headings, text in other.db.execute(named):
                self._note_forms(id_, name, Piece(headings, text))
            self.stream, self.checkpoint = other.stream, other.checkpoint
            db.execute("UPDATE meta SET stream = ?, checkpoint = ?", (self.stream, self.checkpoint))
        return True

    def keep_vectors(self, model: str, vectors: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep vectors by the digest of what was embedded; a vector is its floats, of 32 bits, little-endian."""
        with self.db as db:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", ((model, *pair) for pair in vectors))

    def without_vector(self, model: str, most: int) -> list[tuple[bytes, str]]:
        """Digests of pieces that have no vector of the model yet, with what is to be embedded: `most` at most."""
        rows: list[tuple[bytes, str]] = self.db.execute(
            "SELECT digest, iif(headings = '', text, headings || char(10) || text) FROM pieces WHERE NOT EXISTS "
            "(SELECT 1 FROM vectors WHERE model = ? AND vectors.digest = pieces.digest) "
            "GROUP BY digest ORDER BY min(id) LIMIT ?",
            (model, most),
        ).fetchall()
        return rows

    def unfound(self) -> dict[int, str]:
        """By sequence, the versions in force that have no pieces, and why."""
        rows = self.db.execute(
            "SELECT id, coalesce(reason, 'it has no words') FROM documents "
            "WHERE NOT EXISTS (SELECT 1 FROM pieces WHERE document = documents.id)"
        )
        return dict(rows.fetchall())

    def _replace(self, version: Version, text: Text) -> None:
        self._drop(version.place)
        if version.document.removed:
            return
        at = version.document.at
        self.db.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)",
            (
                version.seq,
                version.place.collection,
                version.place.name,
                version.document.source,
                0 if at is None else int((at - _EPOCH).total_seconds() * 1_000_000),
                text.reason,
            ),
        )
        pairs = version.document.faq
        pieces = [Piece(pair.q, pair.a) for pair in pairs] if pairs else pieces_of(text.text)
        for number, piece in enumerate(pieces):
            id_ = version.seq * MOST + number
            row = (id_, version.seq, number, piece.headings, piece.text, digest(piece))
            self.db.execute("INSERT INTO pieces VALUES (?, ?, ?, ?, ?, ?)", row)
            self._note_forms(id_, version.place.name, piece)

    def _note_forms(self, id_: int, name: str, piece: Piece) -> None:
        words = forms_of(f"{name} {piece.headings} {piece.text}")
        self.db.execute("INSERT INTO forms (rowid, words) VALUES (?, ?)", (id_, words))

    def _drop(self, place: Place) -> None:
        key = (place.collection, place.name)
        row = self.db.execute("SELECT id FROM documents WHERE collection = ? AND name = ?", key).fetchone()
        if row is not None:
            self.db.execute("DELETE FROM forms WHERE rowid IN (SELECT id FROM pieces WHERE document = ?)", row)
            self.db.execute("DELETE FROM pieces WHERE document = ?", row)
            self.db.execute("DELETE FROM documents WHERE id = ?", row)

    def _drop_all(self) -> None:
        self.db.execute("DELETE FROM forms")
        self.db.execute("DELETE FROM pieces")
        self.db.execute("DELETE FROM documents")


def digest(piece: Piece) -> bytes:
    """The name of what is embedded of a piece."""
    words = f"{piece.headings}\n{piece.text}" if piece.headings else piece.text
    return sha256(words.encode()).digest()[:16]


def _opened(path: Path | None) -> sqlite3.Connection:
    db = _connected(path)
    try:
        found = db.execute("SELECT version FROM meta").fetchone()
    except sqlite3.DatabaseError:  # it is new, of another release, or damaged
        found = None
    if found != (VERSION,):
        db.close()
        if path is not None:
            for suffix in ("", "-wal", "-shm", "-journal"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        db = _connected(path)
        db.executescript(SCHEMA)
        db.execute("INSERT INTO meta VALUES (1, ?, '', 0)", (VERSION,))
    if path is not None:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
    return db


def _connected(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        os.close(open_private(path))
    db = sqlite3.connect(":memory:" if path is None else str(path), isolation_level=None, check_same_thread=False)
    db.execute(f"PRAGMA busy_timeout = {_PATIENCE}")
    db.execute("PRAGMA secure_delete = ON")
    db.enable_load_extension(True)
    sqlite_vec.load(db)
    db.enable_load_extension(False)
    return db
