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

from chat.state import Chat

Row = tuple[Any, ...]

# Whatever is no number and no text pysqlite3 looks up an adapter for, and finding none takes it 0.8 µs: a row of
# `history` 14 µs instead of 3.
sqlite3.register_adapter(type(None), lambda nothing: nothing)
sqlite3.register_adapter(bool, int)

FOLDS = 4
"""Raised whenever the same events come to mean other rows; a change of the tables or of Chat is noticed without it."""

SCHEMA = Path(__file__).with_name("schema.sql").read_text()

VERSION = f"{FOLDS}.{zlib.crc32(SCHEMA.encode() + msgspec.json.encode(msgspec.json.schema(Chat))):08x}"
"""What a file must say to be used; any other is rebuilt."""

PATIENCE = 5000
"""Milliseconds for which a lock of somebody else's is waited for."""

_FORGETS_WORDS = "INSERT INTO search (search, rank) VALUES ('secure-delete', 1)"
"""What is taken out of the index of words leaves no bytes there (https://sqlite.org/fts5.html). Kept in the file."""

_CACHES = {"rwc": 65_536, "rw": 8_192, "ro": 4_096}
"""KB of pages that SQLite keeps, by how a file is opened: the most for building one. (Catching up with 102,300 events
in a live file is as fast with 8 MB as with 64, 28,000 a second, and an instance's memory is flat after minutes.)"""

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
    """What a file says of itself: `stream` is the creation time of the stream whose events up to `checkpoint` it holds,
    `msg_id` the last one's `Nats-Msg-Id` (empty if it had none) and `at` the server's stamp on it."""

    version: str
    stream: datetime
    checkpoint: int
    msg_id: str
    at: int


def create(path: Path, stream: datetime) -> sqlite3.Connection:
    """A new file for a rebuild. It keeps no journal: until it is whole nobody reads it, and half of it is thrown away.

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
    """A projection that is nowhere but here, and gone with its connection."""
    db = in_memory()
    db.executescript(SCHEMA)
    db.execute("INSERT INTO meta VALUES (1, ?, ?, 0, '', 0)", (VERSION, stream.isoformat()))
    return db


def in_memory() -> sqlite3.Connection:
    """Nothing yet. May be used by one thread after the other."""
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, cached_statements=256)


def make_shared(db: sqlite3.Connection) -> None:
    """End the time of no journal and no readers that `create` began."""
    db.execute("PRAGMA locking_mode = NORMAL")
    db.execute("PRAGMA journal_mode = WAL")


def open_to_write(path: Path) -> sqlite3.Connection:
    """The live file, for its one writer. `synchronous = NORMAL` may lose the last commits with the power, never the
    file: the log has those events still. Raises Damaged."""
    try:
        db = _connect(path, "rw")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        # 16 MB of log before it is folded into the file: a fifth less CPU and a third less time than with 4 MB, because
        # the same pages are written again and again.
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
        db.execute("PRAGMA secure_delete = ON")  # what is deleted or written over is overwritten with zeros
    db.execute(f"PRAGMA cache_size = -{_CACHES[mode]}")
    return db


def meta_of(db: sqlite3.Connection, path: Path) -> Meta:
    """What the file says of itself; of this version's files, every table's first page is looked at. Raises Damaged."""
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
    """`error` as Damaged if the file is at fault; the error itself if it is the disk's or somebody's lock."""
    passing = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY}
    return error if primary_code(error) in passing else Damaged(path, str(error))


def primary_code(error: Exception) -> int:
    """SQLite's result code without its extension (https://sqlite.org/rescode.html); -1 if it has none."""
    return getattr(error, "sqlite_errorcode", -1) & 0xFF


def write_rows(db: sqlite3.Connection, before: str, rows: Sequence[Row], after: str = "") -> None:
    """Run `before VALUES (…), (…) after` for all rows, up to 128 to a statement.

    Not executemany: that lets go of the interpreter's lock at each row, and with a busy event loop beside it every row
    then waits its turn to get it back (measured: 3 ms a row instead of 12 µs).
    """
    if not rows:
        return
    width = len(rows[0])
    for part in _parts(rows):
        db.execute(_statement(before, after, width, len(part)), list(chain.from_iterable(part)))


def rows_for(db: sqlite3.Connection, before: str, keys: Sequence[Row], after: str) -> Iterator[Row]:
    """The rows that `before VALUES (…), (…) after` selects for `keys`; the values are to be a table expression's."""
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
    """The time that `micros` stored, in UTC; the nearest one that has a name there (years 1 to 9999)."""
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
