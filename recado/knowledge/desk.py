"""The documents of a bus for the desk: the stream, the texts, and the index of this instance."""

from __future__ import annotations

from collections.abc import Sequence

from actors.tools.look_up import Knowledge
from actors.tools.passages import Found
from console.documents.port import Indexed, Meant
from events.knowledge import Document, Place, Version
from events.knowledge_contents import Contents
from events.knowledge_log import KnowledgeLog, Stock
from events.settled import Outcome, Settled
from events.usage import Tally
from events.vectors import Counted, SharedVectors
from projections.knowledge.index import Text
from projections.knowledge.indexing import Indexing, Texts
from projections.knowledge.meanings import coverage


class StoredDocuments:
    """console's DocumentDesk.

    - `knowledge`: finds the passages that a model is shown, in the index of `indexing`.
    - `space`: the model by which it is found by its meaning; empty: none is named.
    """

    def __init__(
        self,
        stored: KnowledgeLog,
        texts: Texts,
        indexing: Indexing,
        knowledge: Knowledge,
        *,
        space: str = "",
        shared: SharedVectors | None = None,
    ) -> None:
        self._stored = stored
        self._texts = texts
        self._indexing = indexing
        self._knowledge = knowledge
        self._space = space
        self._shared = shared

    async def look_up(self, collections: Sequence[str], query: str, tally: Tally | None = None) -> Sequence[Found]:
        return await self._knowledge.look_up(collections, query, tally)

    async def contents(self, collections: Sequence[str]) -> Contents:
        return await self._knowledge.contents(collections)

    async def look(self, collection: str = "") -> Stock:
        return await self._stored.look(collection)

    async def indexed(self) -> Indexed:
        return Indexed(*await self._indexing.unfound())

    async def meant(self, collection: str) -> Meant | None:
        if not self._space:
            return None
        covered = await self._indexing.read(coverage, self._space, (collection,))
        return Meant(covered.pieces, covered.lacking + covered.refused)

    async def text_of(self, version: Version) -> Text:
        return await self._texts.text_of(version)

    async def write(self, place: Place, document: Document, *, expected: int) -> int:
        return await self._stored.write(place, document, expected=expected)

    async def counted(self, since: str) -> Sequence[Counted]:
        return await self._shared.counted(since) if self._shared is not None else ()

    async def settled(self) -> list[Settled]:
        return await self._stored.settled()

    async def outcome(self, draft: Settled) -> Outcome | None:
        return await self._stored.outcome(draft)

    async def settle(self, draft: Settled, outcome: Outcome) -> None:
        await self._stored.settle(draft, outcome)
