"""Gives the pieces of documents their vectors, beside the answering of questions, which go by words until then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import shuffle
from typing import Protocol

import msgspec
import structlog
from pysqlite3 import dbapi2 as sqlite3

from events.usage import Tally
from events.vectors import SharedVectors, name_of
from projections.knowledge import meanings, portions
from projections.knowledge.indexing import Indexing
from projections.knowledge.meanings import Lacking
from projections.knowledge.phrasings import mean_of, phrasings_of
from projections.knowledge.search import Found, Question
from projections.knowledge.sharing import Sharing

ELSEWHERE = 3.0
"""Seconds until it is looked again for what another instance makes."""

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""Seconds after a failure."""

PROBE = "bread"
"""A word that every model takes. It shows whether a piece is at fault, or the server."""

log = structlog.get_logger("recado.knowledge")


class NotEmbedded(Exception):
    """There are no vectors; the message says why.

    - `refused`: the server refuses the request as it is. One of the texts may be at fault.
    """

    def __init__(self, detail: str, *, refused: bool = False) -> None:
        super().__init__(detail)
        self.refused = refused


class Embedder(Protocol):
    """A model that makes vectors. It counts the tokens that no turn pays for.

    - `space`: the name of the model and its server.
    - `part_size`: bytes of a vector, where it makes several of a text; 0: it makes one.
    """

    @property
    def space(self) -> str: ...

    @property
    def part_size(self) -> int: ...

    async def of_pieces(self, texts: Sequence[str]) -> list[bytes]:
        """Vectors of length 1 for each text, in their order; several of a text one after the other. Raises
        NotEmbedded."""

    async def of_question(self, phrasings: Sequence[str], tally: Tally | None = None) -> list[bytes]:
        """A vector for each phrasing of a question, in their order, soon. Raises NotEmbedded.

        - `tally`: counts the tokens for a turn; None: no turn asks.
        """


class Wish(msgspec.Struct, frozen=True):
    """Collections that are to be searched with the vectors of a model."""

    embedder: Embedder
    collections: tuple[str, ...]


class Embedding:
    """Gives the pieces of an index their vectors."""

    def __init__(self, indexing: Indexing, shared: SharedVectors | None = None) -> None:
        self._indexing = indexing
        self._shared = shared
        self._done: dict[str, set[tuple[bytes, ...]]] = {}  # by space, portions that are whole here, and shared
        self._wishes: tuple[Wish, ...] = ()
        self._are_all = False
        self._pause = FIRST_PAUSE

    def want(self, wishes: Sequence[Wish], *, are_all: bool) -> None:
        """Make these from now on.

        - `are_all`: nothing else is wanted, so that vectors of other models may be dropped.
        """
        self._wishes, self._are_all = tuple(wishes), are_all
        self._indexing.changed.set()

    async def run(self) -> None:
        """Make vectors until cancelled."""
        await self._indexing.is_whole.wait()
        while True:
            self._indexing.changed.clear()
            wishes = self._wishes
            failed = [wish for wish in wishes if not await self._is_met(wish)]
            if failed:
                try:
                    async with asyncio.timeout(self._pause):
                        await self._indexing.changed.wait()
                except TimeoutError:
                    self._pause = min(2 * self._pause, LONGEST_PAUSE)
                continue
            self._pause = FIRST_PAUSE
            await Sharing(self._shared).sweep()
            if self._are_all and wishes == self._wishes and self._indexing.is_whole.is_set():
                await self._tidy(wishes)
            await self._indexing.changed.wait()

    async def _is_met(self, wish: Wish) -> bool:
        try:
            await self.fulfil(wish)
        except (NotEmbedded, sqlite3.DatabaseError) as failure:
            log.warning(
                "pieces_not_embedded",
                model=wish.embedder.space,
                reason=str(failure),
                then="they are found by their words",
                retry_in=self._pause,
            )
            return False
        return True

    async def fulfil(self, wish: Wish) -> None:
        """Give each piece its vector, and share it. Raises NotEmbedded; what there is by then is kept."""
        space, made = wish.embedder.space, 0
        if wish.embedder.part_size and space not in self._done:
            await wish.embedder.of_pieces([PROBE])  # starts its process, for which no question has the time
        sharing = Sharing(self._shared)
        while waiting := await self._portions(wish):
            size = await self._size(wish.embedder) if sharing.works else 0
            if sharing.works:
                shuffle(waiting)  # instances that begin together make different ones
            is_elsewhere = False
            for digests in waiting:
                found = await self._fulfilled(wish.embedder, sharing, size, digests)
                is_elsewhere |= found is None
                made += found or 0
            if not is_elsewhere:
                break
            await asyncio.sleep(ELSEWHERE)
        await self._indexing.write(meanings.note_whole, space, wish.collections)
        if made:
            log.info("pieces_embedded", model=space, collections=wish.collections, pieces=made)

    async def fetch(self, wish: Wish) -> None:
        """Have those vectors that other instances have made. Raises NotEmbedded."""
        space, sharing = wish.embedder.space, Sharing(self._shared)
        if wish.embedder.part_size:
            await wish.embedder.of_pieces([PROBE])  # as above
        size = await self._size(wish.embedder)
        for digests in await self._portions(wish):
            await self._shared_lacking(space, sharing, size, digests)
        if not (await self._indexing.read(meanings.coverage, space, wish.collections)).lacking:
            await self._indexing.write(meanings.note_whole, space, wish.collections)

    async def _portions(self, wish: Wish) -> list[tuple[bytes, ...]]:
        """Those that are not known to be whole here, and shared."""
        space = wish.embedder.space
        found = await self._indexing.read(portions.portions, wish.collections)
        done = self._done.setdefault(space, set())
        if await self._indexing.read(meanings.size_of, space) is None:  # all of them were dropped
            done.clear()
        return [one for one in found if one not in done]

    async def _size(self, embedder: Embedder) -> int:
        """Bytes of a vector, which are a part of the names of shared objects."""
        known = await self._indexing.read(meanings.size_of, embedder.space)
        return known or embedder.part_size or len((await embedder.of_pieces([PROBE]))[0])

    async def _shared_lacking(
        self, space: str, sharing: Sharing, size: int, digests: tuple[bytes, ...]
    ) -> tuple[list[Lacking], bool]:
        """The pieces of a portion that have no vector after the shared ones were taken over; True if there were shared
        ones."""
        lacking = await self._indexing.read(portions.lacking, space, digests)
        name = sharing.name_of(space, size, digests)
        if not lacking or name is None or (found := await sharing.of(name, size, digests)) is None:
            return lacking, False
        await self._indexing.write(meanings.keep, space, found, size)
        return await self._indexing.read(portions.lacking, space, digests), True

    async def _fulfilled(
        self, embedder: Embedder, sharing: Sharing, size: int, digests: tuple[bytes, ...]
    ) -> int | None:
        """The number of vectors of a portion that were made; None: another instance makes them."""
        space = embedder.space
        lacking, is_shared = await self._shared_lacking(space, sharing, size, digests)
        name = None if is_shared else sharing.name_of(space, size, digests)
        claim = await sharing.claim(name) if name is not None else None
        if lacking and name is not None and claim is None and sharing.works:
            return None
        if lacking:
            await self._embed(embedder, lacking)
        if name is not None and claim is not None:
            await sharing.keep(name, claim, await self._indexing.read(portions.vectors, space, digests))
        self._done[space].add(digests)
        return len(lacking)

    async def _embed(self, embedder: Embedder, some: Sequence[Lacking]) -> None:
        try:
            vectors = await embedder.of_pieces([one.words for one in some])
        except NotEmbedded as failure:
            if not failure.refused:
                raise
            if len(some) > 1:
                half = len(some) // 2
                await self._embed(embedder, some[:half])
                await self._embed(embedder, some[half:])
                return
            (probe,) = await embedder.of_pieces([PROBE])
            log.warning("piece_refused", model=embedder.space, reason=str(failure), then="it is found by its words")
            await self._keep(embedder, [(b"probe", probe), (some[0].digest, None)])
        else:
            await self._keep(embedder, [(one.digest, vector) for one, vector in zip(some, vectors, strict=True)])

    async def _keep(self, embedder: Embedder, vectors: Sequence[tuple[bytes, bytes | None]]) -> None:
        if not await self._indexing.write(meanings.keep, embedder.space, vectors, embedder.part_size):
            await self._indexing.write(meanings.forget, embedder.space)
            raise NotEmbedded("its vectors have another length than before: all are made again")

    async def _tidy(self, wishes: Sequence[Wish]) -> None:
        try:
            dropped = await self._indexing.write(meanings.tidy, {wish.embedder.space for wish in wishes})
        except sqlite3.DatabaseError as failure:
            log.warning("vectors_not_dropped", reason=str(failure), then="it is tried again after the next change")
            return
        for space in dropped:
            log.info("vectors_dropped", model=space, reason="no settings name this model any more")
        await Sharing(self._shared).tidy({name for wish in wishes for name in await self._names(wish)})

    async def _names(self, wish: Wish) -> list[str]:
        """The portions that are in use."""
        size = await self._indexing.read(meanings.size_of, wish.embedder.space)
        found = await self._indexing.read(portions.portions, wish.collections)
        return [name_of(wish.embedder.space, size, digests) for digests in found] if size is not None else []


async def search_by_both(
    indexing: Indexing,
    embedder: Embedder | None,
    words: str,
    collections: tuple[str, ...],
    most: int,
    *,
    tally: Tally | None = None,
) -> list[Found]:
    """The pieces that fit best by words, and by meaning as far as there are vectors; the best first.

    - `words`: the question; one that has several lines is so many phrasings of it.
    - `tally`: counts the tokens of the question's vectors for a turn; None: no turn asks.
    """
    question = Question(words, collections)
    if embedder is not None:
        is_searched = await indexing.read(meanings.is_searched, embedder.space, collections)
        if is_searched and (vector := await _of_question(indexing, embedder, words, tally)) is not None:
            question = Question(words, collections, vector, embedder.space)
    return await indexing.search(question, most)


async def _of_question(indexing: Indexing, embedder: Embedder, words: str, tally: Tally | None) -> bytes | None:
    try:
        vector = mean_of(await embedder.of_question(phrasings_of(words), tally))
    except NotEmbedded as failure:
        log.warning("question_not_embedded", model=embedder.space, reason=str(failure), then="it goes by words alone")
        return None
    size = await indexing.read(meanings.size_of, embedder.space)
    if size is not None and size != len(vector):
        log.warning("vectors_dropped", model=embedder.space, reason="its vectors have another length than before")
        await indexing.write(meanings.forget, embedder.space)
        indexing.changed.set()
        return None
    return vector
