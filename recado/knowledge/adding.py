"""Adds documents to a collection: reads each, keeps its bytes and its text, and writes its version last.

A document is whole or not there: what was kept without a version is never looked at. A file whose bytes are those of
the newest version is not read again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Literal

import msgspec

from backends.content.markdown import markdown_of
from backends.protocol import CannotBeRead
from events.knowledge import Document, Place
from events.knowledge_log import KnowledgeChanged, KnowledgeLog, Stock
from events.library import Library
from recado.knowledge.sources import Refused, Source, digest_of, read_file

AT_ONCE = 2
"""Documents that are read at once, each by a process of its own."""


class Author(msgspec.Struct, frozen=True):
    """Who adds, and when."""

    by: str
    at: datetime


class Added(msgspec.Struct, frozen=True):
    """What became of one source.

    - `seq`: the version's sequence; 0: none was written.
    - `reason`: why it was refused.
    """

    name: str
    outcome: Literal["added", "changed", "unchanged", "refused"]
    seq: int = 0
    reason: str = ""


class Adding:
    """Adds to one collection.

    - `stock`: its documents.
    """

    def __init__(self, stored: KnowledgeLog, library: Library, collection: str, stock: Stock, author: Author) -> None:
        self._stored = stored
        self._library = library
        self._collection = collection
        self._stock = stock
        self._author = author

    async def add(self, sources: Iterable[Source]) -> AsyncIterator[Added]:
        """Add the files, and yield what became of each as it is done. Raises LogUnavailable, LogFull."""
        waiting = iter(sources)
        running: set[asyncio.Task[Added]] = set()
        try:
            while True:
                while len(running) < AT_ONCE and (source := next(waiting, None)) is not None:
                    running.add(asyncio.create_task(self._one(source)))
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _one(self, source: Source) -> Added:
        try:
            place = msgspec.convert({"collection": self._collection, "name": source.name}, Place)
            body = await asyncio.to_thread(read_file, source)
            before = self._stock.newest.get(place)
            is_there = before is not None and not before.document.removed
            if is_there and before is not None and before.document.sha256 == digest_of(body):
                return Added(source.name, "unchanged", before.seq)
            text = await markdown_of(body, source.mime)
            document = Document(
                name=source.name,
                source=str(source.path.absolute()),
                sha256=digest_of(body),
                object=await self._library.keep(body),
                mime=source.mime,
                text=await self._library.keep(text.encode()),
                at=self._author.at,
                by=self._author.by,
            )
            seq = await self._stored.write(place, document, expected=before.seq if before is not None else 0)
        except (Refused, CannotBeRead, KnowledgeChanged, ValueError) as refused:
            reason = refused.detail if isinstance(refused, CannotBeRead) else str(refused)
            return Added(source.name, "refused", reason=reason)
        return Added(source.name, "changed" if is_there else "added", seq)
