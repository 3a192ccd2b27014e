"""Opens the documents: the stream, and the index that an instance keeps of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from actors.tools.passages import Found
from events.jetstream.connection import Bus
from events.jetstream.knowledge import JetStreamKnowledgeLog
from events.knowledge_log import KnowledgeLog
from events.library import Library
from events.tool_calls import Passage
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from projections.knowledge.search import Found as Piece
from projections.knowledge.search import Question
from recado.knowledge.desk import StoredDocuments
from recado.knowledge.texts import LibraryTexts
from recado.wiring.library import joined_library
from recado.wiring.lifecycle import Lifetime

FILE = "knowledge.db"
"""The index, in RECADO_DATA."""

SHOWN = 3
"""Passages that a model is shown."""


class IndexedKnowledge:
    """actors' Knowledge over an index. A look-up waits until all that was there at the start is indexed."""

    def __init__(self, indexing: Indexing) -> None:
        self._indexing = indexing

    async def look_up(self, collections: Sequence[str], query: str) -> Sequence[Found]:
        await self._indexing.is_whole.wait()
        return [_found(one) for one in await self._indexing.search(Question(query, tuple(collections)), SHOWN)]


async def indexed_knowledge(
    life: Lifetime, bus: Bus, library: Library, data: Path
) -> tuple[IndexedKnowledge, StoredDocuments]:
    """The documents of an instance, which follows their stream until it ends: for its turns, and for the desk. Raises
    LogUnavailable."""
    stored = await JetStreamKnowledgeLog.open(bus)
    life.stack.push_async_callback(stored.close)
    texts = LibraryTexts(library)
    indexing = Indexing(Index(data / FILE), stored, texts)
    life.stack.push_async_callback(indexing.close)
    life.keep(indexing.follow())
    knowledge = IndexedKnowledge(indexing)
    return knowledge, StoredDocuments(stored, texts, indexing, knowledge)


@asynccontextmanager
async def open_knowledge(bus: Bus) -> AsyncIterator[tuple[KnowledgeLog, LibraryTexts]]:
    """The stream and the texts of documents for the length of a command. Raises LogMismatch, LogUnavailable."""
    async with AsyncExitStack() as stack:
        stored = await JetStreamKnowledgeLog.open(bus)
        stack.push_async_callback(stored.close)
        yield stored, LibraryTexts(await joined_library(stack, bus))


def _found(piece: Piece) -> Found:
    return Found(Passage(str(piece.place), piece.seq, piece.number, piece.at), piece.headings, piece.text, piece.at)
