"""Adds documents to a collection: reads each, keeps its bytes and its text, and writes its version last.

A document is whole or not there: what was kept without a version is never looked at. A file whose bytes are those of
the newest version is not read again, unless the library has lost them or their text: then it is a new version, which
each instance reads. A page whose text is the same is the same, whatever else its server puts into it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from backends.content.markdown import MarkdownReader
from backends.protocol import CannotBeRead
from events.knowledge import Document, Pair, Place
from events.knowledge_log import KnowledgeChanged, KnowledgeLog, Stock
from events.library import Library, object_of
from projections.knowledge.pieces import MOST, TOO_MANY, pieces_of
from recado.knowledge.addresses import Address, Web
from recado.knowledge.pairs import ENDING, pairs_in
from recado.knowledge.sources import Content, Gone, Source, SourceRefused, digest_of, named, read_file

AT_ONCE = 2
"""Documents that are read at once, each by a process of its own."""


class Author(msgspec.Struct, frozen=True):
    """Who adds, and when."""

    by: str
    at: datetime


class Added(msgspec.Struct, frozen=True):
    """The outcome of one source.

    - `seq`: the version's sequence; 0: none was written.
    - `outcome`: `gone`: there is nothing at the source any more; the document stays.
    - `reason`: why it was not read.
    - `unseen`: how many words of it were left out, because nobody sees them.
    """

    name: str
    outcome: Literal["added", "changed", "unchanged", "gone", "refused"]
    seq: int = 0
    reason: str = ""
    unseen: int = 0


class Adding:
    """Adds to one collection.

    - `stock`: its documents.
    """

    def __init__(
        self,
        stored: KnowledgeLog,
        library: Library,
        reader: MarkdownReader,
        *,
        collection: str,
        stock: Stock,
        author: Author,
    ) -> None:
        self._stored = stored
        self._library = library
        self._reader = reader
        self._collection = collection
        self._stock = stock
        self._author = author
        self._taken: dict[str, str] = {}
        """By the name of a document, the source that has it."""

    async def add(self, sources: Iterable[Source | Address], web: Web | None = None) -> AsyncIterator[Added]:
        """Add the sources, and yield what became of each as it is done. Of several files with one name the first is
        added, and the others are refused. Raises LogUnavailable, LogFull.

        - `web`: by which addresses are read; None: they are refused.
        """
        waiting = iter(sources)
        running: set[asyncio.Task[Added]] = set()
        try:
            while True:
                while len(running) < AT_ONCE and (source := next(waiting, None)) is not None:
                    running.add(asyncio.create_task(self._one(source, web)))
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _one(self, source: Source | Address, web: Web | None) -> Added:
        name = source.name or (source.url if isinstance(source, Address) else "")
        try:
            if name and not isinstance(source, Address):  # before it is read: the first one of those given has the name
                self._take(name, source)
            content = await _content(source, web)
            name = content.name
            self._take(name, source)
            try:
                return await self._written(content, _origin(source))
            except KnowledgeChanged as changed:
                now = await self._stored.last(changed.place)
                if now is None or now.document.sha256 != digest_of(content.body):
                    raise
                return Added(name, "unchanged", now.seq)  # another `add` of the same file was first
        except Gone as gone:
            return Added(name, "gone", reason=str(gone))
        except (SourceRefused, CannotBeRead, KnowledgeChanged, ValueError) as refused:
            reason = refused.detail if isinstance(refused, CannotBeRead) else str(refused)
            return Added(name, "refused", reason=reason)

    def _take(self, name: str, source: Source | Address) -> None:
        """Raises SourceRefused if another source has the name."""
        origin = _origin(source)
        if (taken := self._taken.setdefault(_without_ending(name), origin)) != origin:
            raise SourceRefused(f"{taken} has the same name: rename one, or give the folder that has both")

    async def _written(self, content: Content, origin: str) -> Added:
        if (name := _without_ending(content.name)) != content.name:
            return await self._with_pairs(name, content.body, origin)
        place = Place(self._collection, content.name)
        before = self._stock.newest.get(place)
        there = before.document if before is not None and not before.document.removed else None
        is_same = there is not None and there.sha256 == digest_of(content.body)
        if before is not None and there is not None and is_same and await self._keeps(there):
            return Added(content.name, "unchanged", before.seq)
        read = await self._reader.read(content.body, content.mime)
        if len(read.text) > MOST and len(await asyncio.to_thread(pieces_of, read.text)) > MOST:
            raise SourceRefused(TOO_MANY)
        text = read.text.encode()
        is_page = content.mime == "text/html"
        is_same = there is not None and is_page and there.text == object_of(text)
        if before is not None and there is not None and is_same and await self._keeps(there):
            return Added(content.name, "unchanged", before.seq, unseen=read.unseen)
        document = Document(
            name=content.name,
            source=origin,
            sha256=digest_of(content.body),
            object=await self._library.keep(content.body),
            mime=content.mime,
            text=await self._library.keep(text),
            unseen=read.unseen,
            at=self._author.at,
            by=self._author.by,
        )
        seq = await self._stored.write(place, document, expected=self._stock.last_of(place))
        return Added(content.name, "added" if there is None else "changed", seq, unseen=read.unseen)

    async def _keeps(self, document: Document) -> bool:
        """Whether the document's bytes and its text are still there, and whole."""
        for one in (document.object, document.text):
            if one is not None and await self._library.content(one) is None:
                return False
        return True

    async def _with_pairs(self, name: str, body: bytes, origin: str) -> Added:
        place = Place(self._collection, name)
        before = self._stock.newest.get(place)
        there = before.document if before is not None and not before.document.removed else None
        pairs = pairs_in(body)
        if before is not None and there is not None and there.faq == pairs:
            return Added(name, "unchanged", before.seq)
        expected = self._stock.last_of(place)
        seq = await write_pairs(self._stored, place, pairs, self._author, expected=expected, source=origin)
        return Added(name, "added" if there is None else "changed", seq)


async def write_pairs(
    stored: KnowledgeLog,
    place: Place,
    pairs: tuple[Pair, ...],
    author: Author,
    *,
    expected: int,
    source: str = "",
) -> int:
    """Have these pairs as the document; without pairs it ends. Returns the sequence of the version. Raises
    KnowledgeChanged, KnowledgeUnreadable, LogUnavailable, LogFull.

    - `expected`: the sequence of its last version; 0: it has none.
    """
    document = Document(name=place.name, source=source, faq=pairs, removed=not pairs, at=author.at, by=author.by)
    return await stored.write(place, document, expected=expected)


def source_of(document: Document) -> Source | Address | None:
    """From where the document is read again; None: it is of pairs, or does not say."""
    if document.faq or not document.source:
        return None
    if document.source.startswith(("https://", "http://")):
        return Address(document.source, document.name)
    return named(Path(document.source), document.name)


async def _content(source: Source | Address, web: Web | None) -> Content:
    if isinstance(source, Address):
        if web is None:
            raise SourceRefused("addresses are not read here: save it as a file")
        return await web.fetch(source)
    return await asyncio.to_thread(read_file, source)


def _without_ending(name: str) -> str:
    """The name of the document of a file: one of pairs loses its ending."""
    return name[: -len(ENDING)] if name.lower().endswith(ENDING) else name


def _origin(source: Source | Address) -> str:
    return source.url.partition("#")[0] if isinstance(source, Address) else str(source.path.absolute())
