"""Three documents in an index that is given vectors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from events.memory_knowledge import MemoryKnowledgeLog
from projections.knowledge.embedding import Embedding, Wish, search_by_both
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from tests.projections.knowledge.meaning import Words
from tests.projections.knowledge.test_index import HOURS, RETURNS, SHIPPING, Texts, put

TEXTS = {"shipping": SHIPPING, "returns": RETURNS, "hours": HOURS}
ABROAD = "any couriers?"
"""No word of it is in the passage that answers it, nor a concept of one."""


@pytest.fixture
async def log() -> MemoryKnowledgeLog:
    log = MemoryKnowledgeLog()
    for name in TEXTS:
        await put(log, name)
    return log


@pytest.fixture
async def indexing(log: MemoryKnowledgeLog, tmp_path: Path) -> AsyncIterator[Indexing]:
    indexing = Indexing(Index(tmp_path / "knowledge.db"), log, Texts(**TEXTS))
    await indexing.catch_up()
    yield indexing
    await indexing.close()


async def first(indexing: Indexing, words: str, model: Words | None, *collections: str) -> str | None:
    found = await search_by_both(indexing, model, words, collections or ("shop",), 1)
    return str(found[0].place) if found else None


async def fulfil(indexing: Indexing, model: Words, *collections: str) -> None:
    await Embedding(indexing).fulfil(Wish(model, collections or ("shop",)))
