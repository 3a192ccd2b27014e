"""Makes the index again from the stream, and compares it with the live file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from pysqlite3 import dbapi2 as sqlite3

from events.knowledge_log import KnowledgeLog
from projections.database import Row
from projections.knowledge import meanings
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing, Texts
from projections.verify import TableReport, compared

TABLES = ("documents", "pieces")

_CHUNK = 1_000


class Rebuilt(msgspec.Struct, frozen=True):
    """The index that the stream leads to, by its numbers of rows."""

    documents: int
    pieces: int


async def rebuild(path: Path, stored: KnowledgeLog, texts: Texts) -> Rebuilt:
    """Put a new index in the place of what the file at `path` has, beside an instance that uses it. Raises
    LogUnavailable."""
    fresh, live = Index(None), Index(path)
    try:
        while True:
            await Indexing(fresh, stored, texts).catch_up()
            if live.replace_with(fresh):
                break
        documents, pieces = (_rows(fresh, table) for table in TABLES)
        return Rebuilt(documents, pieces)
    finally:
        fresh.close()
        live.close()


async def verify(path: Path, stored: KnowledgeLog, texts: Texts) -> list[TableReport]:
    """Compare the file at `path` with what the stream leads to, at the same sequence: the documents, the pieces, and
    which pieces are found by the vectors that the file has. Raises LogUnavailable."""
    fresh, live = Index(None), Index(path)
    try:
        while True:
            await Indexing(fresh, stored, texts).catch_up()
            await Indexing(live, stored, texts).catch_up()
            if (fresh.stream, fresh.checkpoint) == (live.stream, live.checkpoint):
                tables = [compared(f"knowledge.{one}", _chunks(live, one), _chunks(fresh, one)) for one in TABLES]
                return [*tables, live.write(_compared_meanings, fresh)]
    finally:
        fresh.close()
        live.close()


def _compared_meanings(live: sqlite3.Connection, fresh: Index) -> TableReport:
    query = "SELECT pieces.id, collection, digest FROM pieces JOIN documents ON documents.id = document ORDER BY 1"
    pieces = fresh.db.execute(query).fetchall()
    wanted = [
        (space, id_, collection)
        for space, digests in meanings.vectors_by_space(live).items()
        for id_, collection, digest in pieces
        if digest in digests
    ]
    return compared("knowledge.meanings", [meanings.found_pieces(live)], [wanted])


def _rows(index: Index, table: str) -> int:
    count: int = index.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - of TABLES
    return count


def _chunks(index: Index, table: str) -> Iterator[list[Row]]:
    cursor = index.db.execute(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608 - of TABLES
    while chunk := cursor.fetchmany(_CHUNK):
        yield chunk
