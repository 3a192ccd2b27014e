"""A process that embeds the documents of a fixed past into the file named on its command line, until it is killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from events.knowledge import Document, Pair, Place
from events.memory_knowledge import MemoryKnowledgeLog
from projections.knowledge.embedding import Embedding, Wish
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from tests.projections.knowledge.meaning import Words

PIECES = 200


async def past() -> MemoryKnowledgeLog:
    log = MemoryKnowledgeLog()
    pairs = tuple(Pair(f"What is {number}?", f"It is the number {number}.") for number in range(PIECES))
    await log.write(Place("shop", "numbers"), Document(name="numbers", faq=pairs), expected=0)
    return log


class Told(Words):
    """Says each batch, and waits to be killed at the third."""

    async def of_pieces(self, texts: Sequence[str]) -> list[bytes]:
        vectors = await super().of_pieces(texts)
        sys.stdout.write(f"{len(self.asked)}\n")
        sys.stdout.flush()
        if len(self.asked) > 64:
            await asyncio.Event().wait()
        return vectors


async def _main() -> None:
    indexing = Indexing(Index(Path(sys.argv[1])), await past(), None)  # type: ignore[arg-type]  # it has pairs alone
    await indexing.catch_up()
    await Embedding(indexing).fulfil(Wish(Told(), ("shop",)))


if __name__ == "__main__":
    asyncio.run(_main())
