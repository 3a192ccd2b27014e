"""Compares the live file with a rebuild from the log, row by row."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import aclosing, closing
from hashlib import blake2b
from itertools import zip_longest
from pathlib import Path

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.log import EventLog
from projections import files
from projections.database import Row, meta_of
from projections.projection import Projection
from projections.reads.reader import ProjectionMissing, Reader
from projections.rebuild import Progress, grow, last_event, unusable
from projections.tables.erasing import is_erasure

_TABLES = {
    "meta": "SELECT * FROM meta",
    "chats": "SELECT * FROM chats ORDER BY id",
    "totals": "SELECT * FROM totals ORDER BY partition",
    "tallies": "SELECT * FROM tallies ORDER BY account, state, assigned",
    "labels": "SELECT * FROM labels ORDER BY label, account, chat",
    "label_tallies": "SELECT * FROM label_tallies ORDER BY account, state, label",
    "notes": "SELECT * FROM notes ORDER BY seq",
    "names": "SELECT * FROM names ORDER BY account, name",
    "earlier_names": "SELECT * FROM earlier_names ORDER BY account, name, seq",
    "history": "SELECT * FROM history ORDER BY seq",
    "controls": "SELECT * FROM controls ORDER BY id, chat",
    "receipts": "SELECT * FROM receipts ORDER BY chat, reply, seq",
    "undelivered": "SELECT * FROM undelivered ORDER BY seq",
    "first_receipts": "SELECT * FROM first_receipts ORDER BY chat",
    "accounts": "SELECT * FROM accounts ORDER BY account",
    "turns": "SELECT * FROM turns ORDER BY chat, seq",
    "threads": "SELECT * FROM threads ORDER BY chat, seq",
    "set_aside": "SELECT * FROM set_aside ORDER BY seq",
    "usage": "SELECT * FROM usage ORDER BY chat, day, backend, model",
    "spending": "SELECT * FROM spending ORDER BY account, day, model",
    # The content of the index of words is how often each word is where; the ends of its segments are no content.
    "search": "SELECT term, count(*), sum(doc), sum(doc * 31 % 65521 * (offset + 1)) FROM temp.words"
    " GROUP BY term ORDER BY term",
}

TABLES = tuple(_TABLES)

_CHUNK = 1000


class Difference(msgspec.Struct, frozen=True):
    """The first row in which a table of two files differs, as each file has it (None: it has no such row)."""

    live: Row | None
    rebuilt: Row | None


class TableReport(msgspec.Struct, frozen=True):
    """One table of two files.

    - `rows`: the number of rows in the live file.
    - `hash`: of all these rows.
    - `difference`: None if the tables are the same.
    """

    table: str
    rows: int
    hash: str
    difference: Difference | None


def compare(live: sqlite3.Connection, rebuilt: sqlite3.Connection, table: str) -> TableReport:
    """Compare one table of the projection. Call it within a read transaction on both."""
    return compared(table, _chunks(live, table), _chunks(rebuilt, table))


def compared(table: str, live: Iterable[Sequence[Row]], rebuilt: Iterable[Sequence[Row]]) -> TableReport:
    """The report on a table, from the rows of both files in their order, in chunks of equal size."""
    digest, rows = blake2b(digest_size=16), 0
    for mine, theirs in zip_longest(live, rebuilt, fillvalue=()):
        digest.update(msgspec.msgpack.encode(mine))
        rows += len(mine)
        if mine != theirs:
            pairs = zip_longest(mine, theirs)
            return TableReport(
                table, rows, digest.hexdigest(), next(Difference(*pair) for pair in pairs if pair[0] != pair[1])
            )
    return TableReport(table, rows, digest.hexdigest(), None)


def content_hash(db: sqlite3.Connection, table: str) -> str:
    """A hash of all rows of a table."""
    digest = blake2b(digest_size=16)
    for chunk in _chunks(db, table):
        digest.update(msgspec.msgpack.encode(chunk))
    return digest.hexdigest()


def _chunks(db: sqlite3.Connection, table: str) -> Iterator[list[Row]]:
    if table == "search":
        db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab('main', 'search', 'instance')")
    cursor = db.execute(_TABLES[table])
    while chunk := cursor.fetchmany(_CHUNK):
        yield chunk


class VerifyReport(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of `verify`.

    - `file`: the live file.
    - `checkpoint`: the sequence up to which it was compared.
    - `tables`: a report on every table.
    - `seconds`: the time taken.
    """

    file: str
    checkpoint: int
    tables: tuple[TableReport, ...]
    seconds: float

    @property
    def is_same(self) -> bool:
        """True if the live file has exactly the rows that the log leads to."""
        return all(table.difference is None for table in self.tables)


async def verify(
    log: EventLog, directory: Path, progress: Progress | None = None, *, patience: float = 10.0
) -> VerifyReport:
    """Compare the live file, as one read transaction sees it, with exactly the events up to its checkpoint.

    The instance goes on meanwhile. The rebuild needs as much room in `directory` as the live file; its own file has no
    name while it grows, so none of it is left in any case. Events that were erased from the log after the checkpoint
    cannot be compared: then `verify` waits `patience` seconds for the file to come past the erasure. Raises
    ProjectionMissing if the file does not, or is of another log, or is not there.
    """
    while True:
        report = await _compared(log, directory, progress)
        if report.is_same or not (erased := await _erased_behind(log, report.checkpoint)):
            return report
        if not await _comes_past(directory, erased, patience):
            raise ProjectionMissing(directory, "it lags behind the log, and a chat that it has was erased since")


async def _erased_behind(log: EventLog, checkpoint: int) -> int:
    """Sequence of the last event after `checkpoint` that erased a chat; 0 if there is none."""
    found, upto = 0, await last_event(log, await log.head())
    if upto <= checkpoint:
        return found
    async with aclosing(log.tail(checkpoint)) as tail:
        async for batch in tail:
            found = max([found, *(recorded.seq for recorded in batch if is_erasure(recorded))])
            if batch[-1].seq >= upto:
                break
    return found


async def _comes_past(directory: Path, seq: int, patience: float) -> bool:
    until = time.monotonic() + patience
    with closing(Reader(directory)) as reader:
        while (path := files.live(directory)) is None or meta_of(reader.connection(), path).checkpoint < seq:
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.1)
    return True


async def _compared(log: EventLog, directory: Path, progress: Progress | None) -> VerifyReport:
    started = time.monotonic()
    with closing(Reader(directory)) as reader:
        live, path = reader.connection(), files.live(directory)
        if path is None:
            raise ProjectionMissing(directory, "none was built yet")
        if (reason := await unusable(log, meta_of(live, path))) is not None:
            raise ProjectionMissing(directory, reason)
        nameless = directory / f"projection-verify-{os.getpid()}.db"
        with closing(Projection.create(nameless, (await log.head()).created)) as rebuilt:
            nameless.unlink()
            await grow(log, rebuilt, meta_of(live, path).checkpoint, progress)
            # The transaction begins only now, because SQLite cannot tidy its write-ahead log while it lasts.
            with reader.transaction():
                checkpoint = meta_of(live, path).checkpoint
                await grow(log, rebuilt, checkpoint, progress)
                tables = [await asyncio.to_thread(compare, live, rebuilt.db, table) for table in TABLES]
    seconds = time.monotonic() - started
    return VerifyReport(file=path.name, checkpoint=checkpoint, tables=tuple(tables), seconds=seconds)
