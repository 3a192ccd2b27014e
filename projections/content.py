"""The content of a file, table by table, in an order that does not depend on how it came there."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from itertools import zip_longest

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from projections.database import Row

_TABLES = {
    "meta": "SELECT * FROM meta",
    "chats": "SELECT * FROM chats ORDER BY id",
    "history": "SELECT * FROM history ORDER BY seq",
    "controls": "SELECT * FROM controls ORDER BY id, chat",
    "receipts": "SELECT * FROM receipts ORDER BY chat, reply, seq",
    "turns": "SELECT * FROM turns ORDER BY chat, seq",
    "threads": "SELECT * FROM threads ORDER BY chat, seq",
    "usage": "SELECT * FROM usage ORDER BY chat, day, backend, model",
    # Of the words that can be found: how often each stands where. Where a segment of the index ends is no content.
    "search": "SELECT term, count(*), sum(doc), sum(doc * 31 % 65521 * (offset + 1)) FROM temp.words"
    " GROUP BY term ORDER BY term",
}
TABLES = tuple(_TABLES)
_CHUNK = 1000


class Difference(msgspec.Struct, frozen=True):
    """How one table differs from another: the first row that does, as each of the two has it (None: it has none)."""

    live: Row | None
    rebuilt: Row | None


class TableReport(msgspec.Struct, frozen=True):
    """One table of two files: rows and a hash of them all; `difference` None if they are the same."""

    table: str
    rows: int
    hash: str
    difference: Difference | None


def compare(live: sqlite3.Connection, rebuilt: sqlite3.Connection, table: str) -> TableReport:
    """Compare one table. To be called within a read transaction on both."""
    digest, rows = blake2b(digest_size=16), 0
    for mine, theirs in zip_longest(_chunks(live, table), _chunks(rebuilt, table), fillvalue=()):
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
