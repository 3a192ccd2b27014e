"""The model that finds documents by meaning, at a server or in a package, as the index asks it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from backends.embedded import SIZE, Embedded, EmbeddedFailed
from backends.embeddings import Embeddings
from backends.protocol import ErrorClass, ReplyFailed
from events.usage import Tally
from projections.knowledge.counting import Counting
from projections.knowledge.embedding import NotEmbedded
from projections.knowledge.parts import parts_of

PATIENCE = 60.0
"""Seconds for the pieces of one request, with all tries."""

SOON = 2.0
"""Seconds for a question, with all tries: a chat waits for it."""

_REFUSALS: frozenset[ErrorClass] = frozenset({"bad_request", "context_too_long", "refused"})


class ServerEmbedder:
    """projections' Embedder at a server.

    - `space`: the name of the model and its server.
    - `counting`: has the tokens that no turn pays for.
    """

    def __init__(self, space: str, embeddings: Embeddings, counting: Counting) -> None:
        self._space = space
        self._embeddings = embeddings
        self._counting = counting

    @property
    def space(self) -> str:
        return self._space

    @property
    def part_size(self) -> int:
        return 0

    async def of_pieces(self, texts: Sequence[str]) -> list[bytes]:
        return await self._vectors(texts, PATIENCE, "documents", None)

    async def of_question(self, phrasings: Sequence[str], tally: Tally | None = None) -> list[bytes]:
        return await self._vectors(phrasings, SOON, "questions", tally)

    async def _vectors(self, texts: Sequence[str], patience: float, of: str, tally: Tally | None) -> list[bytes]:
        spent = tally if tally is not None else Tally()
        try:
            return await self._embeddings.vectors(texts, patience, of=of, tally=spent)
        except ReplyFailed as failure:
            raise NotEmbedded(str(failure), refused=failure.error_class in _REFUSALS) from failure
        finally:
            if tally is None:
                self._counting.add(spent.model, spent.tokens)


class PackageEmbedder:
    """projections' Embedder in a process of its own, without a server.

    - `space`: the package and its release.
    """

    def __init__(self, space: str, embedded: Embedded) -> None:
        self._space = space
        self._embedded = embedded

    @property
    def space(self) -> str:
        return self._space

    @property
    def part_size(self) -> int:
        return SIZE

    async def of_pieces(self, texts: Sequence[str]) -> list[bytes]:
        try:
            return [b"".join(await self._embedded.vectors(parts_of(text))) for text in texts]
        except EmbeddedFailed as failure:
            raise NotEmbedded(str(failure)) from failure

    async def of_question(self, phrasings: Sequence[str], tally: Tally | None = None) -> list[bytes]:  # noqa: ARG002 - free
        try:
            async with asyncio.timeout(SOON):
                return await self._embedded.vectors(phrasings, is_question=True)
        except EmbeddedFailed as failure:
            raise NotEmbedded(str(failure)) from failure
        except TimeoutError:
            raise NotEmbedded(f"no vector within {SOON:g} s: its process starts, or the machine is busy") from None
