"""The SQLite file: opening it, its version, and writing many rows with one statement.

pysqlite3 brings an SQLite of its own, so that full-text search and its speed are the same on every machine.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from chat import fold_constants
from chat.state import Chat
from projections.words import folded

Row = tuple[Any, ...]
Condition = tuple[str, list[object]]
"""A condition in SQL, and its values."""

# pysqlite3 looks up an adapter for each value that is neither number nor text. A failed look-up takes 0.8 µs, which
# makes a row of `history` cost 14 µs instead of 3.
sqlite3.register_adapter(type(None), lambda nothing: nothing)
sqlite3.register_adapter(bool, int)

FOLDS = 15
"""Raise it when the same events make other rows. The tables, the shape of `Chat` and the constants of its fold are in
VERSION without it."""

SCHEMA = Path(__file__).with_name("schema.sql").read_text()


def _shape_of(schema: Any) -> Any:
    """A JSON schema without its prose, so that a better sentence rebuilds nothing."""
    if isinstance(schema, dict):
        kept = (key for key in schema if key != "description" or not isinstance(schema[key], str))
        return {key: _shape_of(schema[key]) for key in kept}
    return [_shape_of(one) for one in schema] if isinstance(schema, list) else schema


def version_of(schema: str, state: type) -> str:
    """The version of files with the tables of `schema` (SQL) and snapshots of `state`."""
    tables = " ".join(re.sub(r"--.*", "", schema).split())
    shape = msgspec.json.encode(_shape_of(msgspec.json.schema(state)), order="sorted")
    return f"{FOLDS}.{zlib.crc32(tables.encode() + shape + fold_constants.fingerprint().encode()):08x}"


VERSION = version_of(SCHEMA, Chat)
"""The version of a usable file; a file of any other version is rebuilt."""

PATIENCE = 5000
"""Milliseconds to wait for a lock of another connection."""

_FORGETS_WORDS = "INSERT INTO search (search, rank) VALUES ('secure-delete', 1)"
"""Makes the index of words overwrite the words that it deletes (https://sqlite.org/fts5.html). The file keeps the
option."""

_CACHES = {"rwc": 65_536, "rw": 8_192, "ro": 4_096}
"""KB of pages that SQLite caches, by the mode in which a file is opened: the most for building one. (Catching up with
102,300 events in a live file is as fast with 8 MB as with 64, 28,000 a second, and an instance's memory is flat after
minutes.)"""

SEARCHED = "iif(octet_length({0}) = length({0}), {0}, folded({0}))".format("coalesce(edited, text)")
"""The words of a row of `history` in the index of words. SQLite itself folds what is ASCII."""

_TABLES = re.findall(r"^CREATE (?:VIRTUAL )?TABLE (\w+)", SCHEMA, re.MULTILINE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
_CHUNKS = (128, 16, 4, 1)


class Damaged(Exception):
    """The file at `path` is no projection that SQLite can read."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(f"{path.name} cannot be read: {detail}")
        self.path = path


class Meta(msgspec.Struct, frozen=True):
    """A file's description of itself.

    - `version`: as VERSION when it was made.
    - `stream`: the creation time of the stream whose events it holds.
    - `checkpoint`: the sequence of the last event that it holds.
    - `msg_id`: that event's `Nats-Msg-Id`; empty if it had none.
    - `at`: the server's stamp on that event.
    """

    version: str
    stream: datetime
    checkpoint: int
    msg_id: str
    at: int


def create(path: Path, stream: datetime) -> sqlite3.Connection:
    """A new file for a rebuild. It keeps no journal: it has no reader until it is whole, and an unfinished one is
    removed.

    (Measured: 4 µs a row instead of 14–28 in WAL mode, where every commit writes most pages of the indexes again.)
    """
    db = _connect(path, "rwc")
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.executescript(SCHEMA)
    db.execute(_FORGETS_WORDS)
    db.execute("INSERT INTO meta VALUES (1, ?, ?, 0, '', 0)", (VERSION, stream.isoformat()))
    return db


def create_in_memory(stream: datetime) -> sqlite3.Connection:
    """An empty projection in memory, which ends with its connection."""
    db = in_memory()
    db.executescript(SCHEMA)
    db.execute("INSERT INTO meta VALUES (1, ?, ?, 0, '', 0)", (VERSION, stream.isoformat()))
    return db


def in_memory() -> sqlite3.Connection:
    """An empty database in memory. May be used by one thread after the other."""
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, cached_statements=256)
    db.create_function("folded", 1, folded, deterministic=True)
    return db


def make_shared(db: sqlite3.Connection) -> None:
    """End the mode that `create` began, without a journal and without readers."""
    db.execute("PRAGMA locking_mode = NORMAL")
    db.execute("PRAGMA journal_mode = WAL")


def open_to_write(path: Path) -> sqlite3.Connection:
    """The live file, for its one writer. With `synchronous = NORMAL` a power cut may lose the last commits, never the
    file; the log still has those events. Raises Damaged."""
    try:
        db = _connect(path, "rw")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        # The write-ahead log grows to 16 MB before SQLite copies it into the file. That takes a fifth less CPU and a
        # third less time than with 4 MB, because the same pages are written again and again.
        db.execute("PRAGMA wal_autocheckpoint = 4000")
    except sqlite3.DatabaseError as error:
        raise as_damage(path, error) from error
    return db


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; sqlite3.OperationalError if there is no file."""
    return _connect(path, "ro")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256)
    db.execute(f"PRAGMA busy_timeout = {PATIENCE}")
    if mode != "ro":
        db.create_function("folded", 1, folded, deterministic=True)
        db.execute("PRAGMA secure_delete = ON")  # overwrites deleted and replaced content with zeros
    db.execute(f"PRAGMA cache_size = -{_CACHES[mode]}")
    return db


def meta_of(db: sqlite3.Connection, path: Path) -> Meta:
    """The file's description of itself. In a file of this version it also reads the first page of every table. Raises
    Damaged."""
    try:
        row = db.execute("SELECT version, stream, checkpoint, msg_id, at FROM meta").fetchone()
        if row is None:
            raise Damaged(path, "it has no checkpoint")
        meta = msgspec.convert(dict(zip(Meta.__struct_fields__, row, strict=True)), Meta)
        for table in _TABLES if meta.version == VERSION else ():
            db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()  # noqa: S608
    except (sqlite3.DatabaseError, msgspec.ValidationError) as error:
        raise as_damage(path, error) from error
    return meta


def as_damage(path: Path, error: Exception) -> Exception:
    """`error` as Damaged if the file is at fault; the error itself if it is the disk, or a lock of another
    connection."""
    passing = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY}
    return error if primary_code(error) in passing else Damaged(path, str(error))


def primary_code(error: Exception) -> int:
    """SQLite's result code without its extension (https://sqlite.org/rescode.html); -1 if it has none."""
    return getattr(error, "sqlite_errorcode", -1) & 0xFF


def write_rows(db: sqlite3.Connection, before: str, rows: Sequence[Row], after: str = "") -> None:
    """Run `before VALUES (…), (…) after` for all rows, up to 128 to a statement.

    Not executemany: it releases the interpreter's lock at each row, and beside a busy event loop every row then waits
    its turn to get it back (measured: 3 ms a row instead of 12 µs).
    """
    if not rows:
        return
    width = len(rows[0])
    for part in _parts(rows):
        db.execute(_statement(before, after, width, len(part)), list(chain.from_iterable(part)))


def rows_for(db: sqlite3.Connection, before: str, keys: Sequence[Row], after: str) -> Iterator[Row]:
    """The rows that `before VALUES (…), (…) after` selects for `keys`; `before` begins a table expression of the
    values."""
    for part in _parts(keys):
        yield from db.execute(_statement(before, after, len(keys[0]), len(part)), list(chain.from_iterable(part)))


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    start = 0
    for size in _CHUNKS:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


@lru_cache(maxsize=256)
def _statement(before: str, after: str, width: int, count: int) -> str:
    row = f"({', '.join('?' * width)})"
    return f"{before} VALUES {', '.join([row] * count)} {after}"


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """The time that `micros` stored, in UTC; the nearest one between the years 1 and 9999."""
    try:
        return _EPOCH + timedelta(microseconds=at)
    except OverflowError:
        return _FIRST if at < 0 else _LAST


def id_list(ids: Iterable[str]) -> str:
    """Ids as one JSON column."""
    return _encoder.encode(tuple(ids)).decode()


def ids_of(column: str | None) -> tuple[str, ...]:
    """The ids in a JSON column; none for NULL."""
    return _ids.decode(column) if column else ()


_encoder = msgspec.json.Encoder()
_ids = msgspec.json.Decoder(tuple[str, ...])
