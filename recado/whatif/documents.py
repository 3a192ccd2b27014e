"""The documents of a trial: those of the bus as they are now, or those of a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from actors.tools.look_up import NotSearchable
from actors.tools.passages import Found
from backends.content.markdown import MarkdownReader
from events.jetstream.connection import Bus
from events.jetstream.knowledge import JetStreamKnowledgeLog
from events.knowledge_contents import Contents
from events.knowledge_log import KnowledgeLog
from events.library import Library
from events.log import LogError
from events.memory_knowledge import MemoryKnowledgeLog
from events.memory_library import MemoryLibrary
from events.usage import Tally
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from recado.knowledge.adding import Adding, Author
from recado.knowledge.sources import sources_in
from recado.knowledge.texts import LibraryTexts
from recado.wiring.knowledge import SearchedKnowledge

FOLDER = "folder"
"""The collection of a folder's documents."""

log = structlog.get_logger("recado.whatif")


class DocumentsUnreadable(Exception):
    """Documents of the folder cannot be read; the message names each with the reason."""


class TrialDocuments:
    """actors' Knowledge for a trial. The index is made in memory when it is first asked.

    - `folder`: the folder whose documents are looked up, whatever the collection; None: those of the bus.
    """

    def __init__(self, bus: Bus, library: Library, folder: Path | None) -> None:
        self._bus = bus
        self._library = library
        self._folder = folder
        self._making = asyncio.Lock()
        self._made: SearchedKnowledge | None = None

    async def look_up(self, collections: Sequence[str], query: str, tally: Tally | None = None) -> Sequence[Found]:
        return await (await self._there()).look_up(self._tried(collections), query, tally)

    async def contents(self, collections: Sequence[str]) -> Contents:
        return await (await self._there()).contents(self._tried(collections))

    def _tried(self, collections: Sequence[str]) -> Sequence[str]:
        return (FOLDER,) if self._folder is not None else collections

    async def _there(self) -> SearchedKnowledge:
        async with self._making:
            if self._made is None:
                try:
                    self._made = await self._make()
                except LogError as fault:
                    raise NotSearchable(str(fault)) from fault
        return self._made

    async def read(self) -> None:
        """Read the folder's documents now. Raises DocumentsUnreadable."""
        if self._folder is not None:
            async with self._making:
                self._made = await self._make()

    async def _make(self) -> SearchedKnowledge:
        if self._folder is not None:
            stored, library = await _of_folder(self._folder)
            return await _indexed(stored, library)
        on_bus = await JetStreamKnowledgeLog.open(self._bus)
        try:
            return await _indexed(on_bus if await on_bus.exists() else MemoryKnowledgeLog(), self._library)
        finally:
            await on_bus.close()


async def _indexed(stored: KnowledgeLog, library: Library) -> SearchedKnowledge:
    async with MarkdownReader() as reader:
        indexing = Indexing(Index(None), stored, LibraryTexts(library, reader))
        await indexing.catch_up()
    return SearchedKnowledge(indexing, None)


async def _of_folder(folder: Path) -> tuple[MemoryKnowledgeLog, MemoryLibrary]:
    stored, library = MemoryKnowledgeLog(), MemoryLibrary()
    async with MarkdownReader() as reader:
        adding = Adding(
            stored,
            library,
            reader,
            collection=FOLDER,
            stock=await stored.look(),
            author=Author("whatif", datetime.now(UTC)),
        )
        refused = [one async for one in adding.add(sources_in([folder])) if one.reason]
    if refused:
        raise DocumentsUnreadable("; ".join(f"{one.name}: {one.reason}" for one in refused))
    return stored, library
