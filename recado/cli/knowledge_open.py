"""The argument that names a collection, and the opening of documents, for all commands of `recado knowledge`."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import NamedTuple

import click
import msgspec

from backends.content.markdown import MarkdownReader
from events.jetstream.connection import Bus
from events.jetstream.knowledge import JetStreamKnowledgeLog
from events.jetstream.vectors import JetStreamVectors
from events.knowledge import COLLECTION, Place, Version
from events.knowledge_log import KnowledgeLog, Stock
from events.library import Library
from projections.knowledge.counting import Counting
from projections.knowledge.embedding import Embedder, Embedding, NotEmbedded, Wish, search_by_both
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from projections.knowledge.meanings import coverage
from projections.knowledge.search import Found
from recado.cli.control import by_user
from recado.cli.log import open_log
from recado.cli.session import settings
from recado.knowledge.adding import Author
from recado.knowledge.texts import LibraryTexts
from recado.settings.settings import Settings
from recado.wiring.knowledge import FILE, embedder_of
from recado.wiring.library import joined_library


class Name(click.ParamType[str]):
    """The name of a collection."""

    name = "collection"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not COLLECTION.fullmatch(value):
            self.fail(f"{value!r} is no name of a collection: give 1 to 64 of a-z, 0-9, '_' and '-'", param, ctx)
        return value


collection_argument = click.argument("collection", type=Name())


class Open(NamedTuple):
    """The documents, and who changes them now."""

    stored: KnowledgeLog
    library: Library
    reader: MarkdownReader
    author: Author
    bus: Bus


@asynccontextmanager
async def opened() -> AsyncIterator[Open]:
    async with open_log(settings()) as (log, bus), AsyncExitStack() as stack:
        stored = await JetStreamKnowledgeLog.open(bus)
        stack.push_async_callback(stored.close)
        author = Author(by_user(), (await log.head()).now)
        reader = await stack.enter_async_context(MarkdownReader())
        yield Open(stored, await joined_library(stack, bus), reader, author, bus)


class Searched:
    """The documents of collections, as chats are answered from them."""

    def __init__(self, indexing: Indexing, embedder: Embedder | None, collections: tuple[str, ...]) -> None:
        self._indexing = indexing
        self._embedder = embedder
        self._collections = collections

    async def search(self, words: str, most: int) -> list[Found]:
        """The pieces that fit best, the best first."""
        return await search_by_both(self._indexing, self._embedder, words, self._collections, most)

    async def unsearched(self) -> str:
        """What cannot be found by meaning; empty: all can."""
        if self._embedder is None:
            return (
                "Documents are found by their words alone: OPENAI_EMBEDDING_MODEL names a model that finds them by "
                "their meaning too."
            )
        covered, lines = await self._indexing.read(coverage, self._embedder.space, self._collections), []
        if covered.lacking:
            lines.append(
                f"{covered.lacking} of {covered.pieces} pieces have no vector yet, and are found by their words alone: "
                "an instance makes the vectors."
            )
        if covered.refused:
            lines.append(f"{covered.refused} of {covered.pieces} pieces are refused by the model.")
        return "\n".join(lines)


@asynccontextmanager
async def searched(*collections: str) -> AsyncIterator[Searched]:
    """All documents of the collections, for the length of a command. Refuses a collection without documents."""
    async with opened() as there, AsyncExitStack() as stack:
        for one in collections:
            if not (await there.stored.look(one)).there():
                raise click.ClickException(f"the collection {one} has no documents: recado knowledge list shows all")
        indexing, embedder = await indexed(there, stack, replace(settings(), knowledge=collections))
        yield Searched(indexing, embedder, collections)


async def indexed(there: Open, stack: AsyncExitStack, chosen: Settings) -> tuple[Indexing, Embedder | None]:
    """An index of all documents in memory, and the model of the settings that finds by meaning; closed with the
    stack. It begins with what the instance of RECADO_DATA has indexed."""
    index = await asyncio.to_thread(Index.copy_of, chosen.data / FILE)
    indexing = Indexing(index, there.stored, LibraryTexts(there.library, there.reader))
    stack.push_async_callback(indexing.close)
    await indexing.catch_up()
    if not chosen.meaning_model:
        return indexing, None
    shared = await JetStreamVectors.open(there.bus)
    stack.push_async_callback(shared.close)
    embedder = embedder_of(chosen, stack, await stack.enter_async_context(Counting(shared)))
    with suppress(NotEmbedded):  # the search says so
        await Embedding(indexing, shared).fetch(Wish(embedder, chosen.knowledge))
    return indexing, embedder


def place_of(stock: Stock, collection: str, name: str) -> Place:
    """The place of the document that a person names. New documents have composed letters; terminals and file systems
    also give decomposed ones."""
    place = Place(collection, name)
    found = [one.place.subject for one in stock.there(collection)] + [one.subject for one in stock.unread]
    return place if place.subject in found else Place(collection, unicodedata.normalize("NFC", name))


def version_of(stock: Stock, place: Place) -> Version:
    """The document's newest version. Refuses one that is not there."""
    version = stock.newest.get(place)
    if version is None or version.document.removed:
        raise click.ClickException(f"there is no document {place}: recado knowledge list shows them")
    return version


def shown(version: Version) -> dict[str, object]:
    """The version as JSON has it."""
    document = msgspec.structs.asdict(version.document)
    return {"collection": version.place.collection, "seq": version.seq, **document}
