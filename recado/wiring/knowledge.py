"""Opens the documents: the stream, and the index that an instance keeps of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog
from pysqlite3 import dbapi2 as sqlite3

from actors.tools.look_up import NotSearchable
from actors.tools.passages import Found
from backends.content.markdown import MarkdownReader
from backends.embedded import Embedded, installed
from backends.embeddings import Embeddings
from events.jetstream.connection import Bus
from events.jetstream.knowledge import JetStreamKnowledgeLog
from events.jetstream.vectors import JetStreamVectors
from events.knowledge_contents import Contents
from events.knowledge_log import KnowledgeLog
from events.library import Library
from events.tool_calls import Passage
from events.usage import Tally
from events.vectors import SharedVectors
from projections.knowledge.counting import Counting
from projections.knowledge.embedding import Embedder, Embedding, Wish, search_by_both
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from projections.knowledge.search import Found as Piece
from recado.knowledge.desk import StoredDocuments
from recado.knowledge.embedder import PackageEmbedder, ServerEmbedder
from recado.knowledge.texts import LibraryTexts
from recado.settings.knowledge import EMBEDDED
from recado.settings.provider import OPENAI
from recado.settings.settings import Settings
from recado.settings.variables import without_userinfo
from recado.wiring.keys import embedding_key
from recado.wiring.library import joined_library
from recado.wiring.lifecycle import Lifetime

FILE = "knowledge.db"
"""The index, in RECADO_DATA."""

WITHIN = 10.0
"""Seconds to wait for the index."""

SHOWN = 3
"""Passages that a model is shown."""

log = structlog.get_logger("recado.knowledge")


class IndexedKnowledge:
    """The documents of an instance, over an index. A look-up waits until all that was there at the start is indexed.

    - `counting`: has the tokens that no turn pays for.
    """

    def __init__(
        self,
        indexing: Indexing,
        stack: AsyncExitStack,
        shared: SharedVectors | None = None,
        counting: Counting | None = None,
    ) -> None:
        self._indexing = indexing
        self._embedding = Embedding(indexing, shared)
        self._counting = counting or Counting()
        self._stack = stack
        self._embedders: dict[tuple[str, str, str], Embedder] = {}  # by the model, its server and the key

    def of(self, settings: Settings) -> SearchedKnowledge:
        """The documents as chats with these settings look them up."""
        return SearchedKnowledge(self._indexing, self._embedder(settings), self._counting)

    def want(self, all_settings: Iterable[Settings], *, are_all: bool) -> None:
        """Have the documents found by meaning as these settings say.

        - `are_all`: there are no others, so that vectors of other models may be dropped.
        """
        collections: dict[Embedder, dict[str, None]] = {}
        for settings in all_settings:
            if (embedder := self._embedder(settings)) is not None:
                collections.setdefault(embedder, {}).update(dict.fromkeys(settings.knowledge))
        self._embedding.want([Wish(embedder, tuple(names)) for embedder, names in collections.items()], are_all=are_all)

    async def run(self) -> None:
        """Make vectors until cancelled."""
        await self._embedding.run()

    def _embedder(self, settings: Settings) -> Embedder | None:
        if not settings.meaning_model:
            return None
        # The address with its password: profiles may have different ones for the same server.
        server = ("", "") if settings.embeds_here else (server_of(settings), embedding_key(settings).value)
        asked = (settings.meaning_model, *server)
        if asked not in self._embedders:
            self._embedders[asked] = embedder_of(settings, self._stack, self._counting)
        return self._embedders[asked]


class SearchedKnowledge:
    """actors' Knowledge over an index.

    - `counting`: has the tokens of a look-up whose turn ended meanwhile.
    """

    def __init__(self, indexing: Indexing, embedder: Embedder | None, counting: Counting | None = None) -> None:
        self._indexing = indexing
        self._embedder = embedder
        self._counting = counting

    async def look_up(self, collections: Sequence[str], query: str, tally: Tally | None = None) -> Sequence[Found]:
        try:
            async with asyncio.timeout(WITHIN):
                await self._indexing.is_whole.wait()
                found = await search_by_both(
                    self._indexing, self._embedder, query, tuple(collections), SHOWN, tally=tally
                )
        except TimeoutError:
            raise NotSearchable("not all documents are indexed yet, or the bus has no stream of them") from None
        except sqlite3.DatabaseError as fault:
            raise NotSearchable(f"the index cannot be read: {fault}") from fault
        except asyncio.CancelledError:
            if self._counting is not None and tally is not None:
                self._counting.add(tally.model, tally.tokens)  # its turn will not tell them
            raise
        return [_found(one) for one in found]

    async def contents(self, collections: Sequence[str]) -> Contents:
        try:
            return await self._indexing.contents(tuple(collections))
        except sqlite3.DatabaseError as fault:
            raise NotSearchable(f"the index cannot be read: {fault}") from fault


def space_of(settings: Settings) -> str:
    """The name of the model and its server: another server may mean another model by the same name. Of a package, its
    release."""
    if settings.embeds_here:
        return f"{EMBEDDED}: {installed()}"
    return f"{settings.meaning_model} at {without_userinfo(server_of(settings))}"


def server_of(settings: Settings) -> str:
    """The address of the model's server, with its password if it has one."""
    return settings.embedding_base_url or settings.openai_base_url or OPENAI


def embedder_of(settings: Settings, stack: AsyncExitStack, counting: Counting) -> Embedder:
    """The model that the settings name; closed with the stack.

    - `counting`: has the tokens that no turn pays for.
    """
    if settings.embeds_here:
        embedded = Embedded()
        stack.push_async_callback(embedded.close)
        return PackageEmbedder(space_of(settings), embedded)
    base_url = settings.embedding_base_url or settings.openai_base_url
    embeddings = Embeddings(
        api_key=embedding_key(settings), base_url=base_url, model=settings.meaning_model, late=counting.add
    )
    stack.push_async_callback(embeddings.close)
    return ServerEmbedder(space_of(settings), embeddings, counting)


async def indexed_knowledge(
    life: Lifetime, bus: Bus, library: Library, settings: Settings
) -> tuple[IndexedKnowledge, StoredDocuments]:
    """The documents of an instance, which follows their stream until it ends: for its turns, and for the desk, which
    searches by the instance's own settings. Raises LogUnavailable."""
    stored = await JetStreamKnowledgeLog.open(bus)
    life.stack.push_async_callback(stored.close)
    texts = LibraryTexts(library, await life.stack.enter_async_context(MarkdownReader()))
    indexing = Indexing(index_at(settings.data / FILE), stored, texts)
    life.stack.push_async_callback(indexing.close)
    life.keep(indexing.follow())
    shared = await JetStreamVectors.open(bus)
    life.stack.push_async_callback(shared.close)
    counting = await life.stack.enter_async_context(Counting(shared))
    knowledge = IndexedKnowledge(indexing, life.stack, shared, counting)
    life.keep(knowledge.run())
    space = space_of(settings) if settings.meaning_model else ""
    return knowledge, StoredDocuments(stored, texts, indexing, knowledge.of(settings), space=space, shared=shared)


def index_at(path: Path) -> Index:
    """The index in the file; where it cannot be opened now, one in memory until the next start."""
    try:
        return Index(path)
    except (sqlite3.DatabaseError, OSError) as fault:
        log.warning("index_unusable", file=str(path), reason=str(fault), then="it is made again in memory")
        return Index(None)


@asynccontextmanager
async def open_knowledge(bus: Bus) -> AsyncIterator[tuple[KnowledgeLog, LibraryTexts]]:
    """The stream and the texts of documents for the length of a command. Raises LogMismatch, LogUnavailable."""
    async with AsyncExitStack() as stack:
        stored = await JetStreamKnowledgeLog.open(bus)
        stack.push_async_callback(stored.close)
        reader = await stack.enter_async_context(MarkdownReader())
        yield stored, LibraryTexts(await joined_library(stack, bus), reader)


def _found(piece: Piece) -> Found:
    return Found(Passage(str(piece.place), piece.seq, piece.number, piece.at), piece.headings, piece.text, piece.at)
