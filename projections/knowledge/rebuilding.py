"""Makes the index again from the stream, and compares it with the live file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from events.knowledge_log import KnowledgeLog
from projections.database import Row
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
    """Compare the file at `path` with what the stream leads to, at the same sequence. Raises LogUnavailable."""
    fresh, live = Index(None), Index(path)
    try:
        while True:
            await Indexing(fresh, stored, texts).catch_up()
            await Indexing(live, stored, texts).catch_up()
            if (fresh.stream, fresh.checkpoint) == (live.stream, live.checkpoint):
                return [compared(f"knowledge.{table}", _chunks(live, table), _chunks(fresh, table)) for table in TABLES]
    finally:
        fresh.close()
        live.close()


def _rows(index: Index, table: str) -> int:
    count: int = index.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - of TABLES
    return count


def _chunks(index: Index, table: str) -> Iterator[list[Row]]:
    cursor = index.db.execute(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608 - of TABLES
    while chunk := cursor.fetchmany(_CHUNK):
        yield chunk
