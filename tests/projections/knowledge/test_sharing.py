"""Instances make each vector once, and a rebuild makes none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from events.knowledge import Pair
from events.log import LogFull, LogUnavailable
from events.memory_knowledge import MemoryKnowledgeLog
from events.memory_vectors import MemoryVectors
from events.vectors import name_of
from projections.knowledge import meanings, portions
from projections.knowledge.embedding import PROBE, Embedding, NotEmbedded, Wish, search_by_both
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from tests.projections.knowledge.meaning import Words
from tests.projections.knowledge.test_index import Texts, put
from tests.waiting import until

PAIRS = tuple(Pair(f"What is {number}?", f"It is the number {number}.") for number in range(100))

Instance = Callable[[], Awaitable[Indexing]]


@pytest.fixture
async def log() -> MemoryKnowledgeLog:
    log = MemoryKnowledgeLog()
    await put(log, "numbers", faq=PAIRS)
    return log


@pytest.fixture
async def instance(log: MemoryKnowledgeLog) -> AsyncIterator[Instance]:
    """A new instance, whose index has all documents and no vectors."""
    async with AsyncExitStack() as stack:

        async def made() -> Indexing:
            indexing = Indexing(Index(None), log, Texts())
            stack.push_async_callback(indexing.close)
            await indexing.catch_up()
            return indexing

        yield made


async def fulfil(indexing: Indexing, model: Words, shared: MemoryVectors) -> None:
    await Embedding(indexing, shared).fulfil(Wish(model, ("shop",)))


async def lacking(indexing: Indexing, model: Words) -> int:
    return (await indexing.read(meanings.coverage, model.space, ("shop",))).lacking


def pieces_asked(model: Words) -> list[str]:
    return [text for text in model.asked if text != PROBE]


async def test_a_second_instance_and_a_rebuild_make_none(instance: Instance) -> None:
    shared, first, second = MemoryVectors(), Words(), Words()
    await fulfil(await instance(), first, shared)
    assert len(pieces_asked(first)) == len(PAIRS)
    assert len(shared.stored) == -(-len(PAIRS) // portions.SIZE)
    other = await instance()
    await fulfil(other, second, shared)
    assert pieces_asked(second) == []
    assert await lacking(other, second) == 0
    found = await search_by_both(other, second, "number 42", ("shop",), 1)
    assert "42" in found[0].text


async def test_a_command_reads_what_instances_made(instance: Instance) -> None:
    shared, model = MemoryVectors(), Words()
    await fulfil(await instance(), model, shared)
    beside, asks = await instance(), Words()
    await Embedding(beside, shared).fetch(Wish(asks, ("shop",)))
    assert await lacking(beside, asks) == 0
    assert pieces_asked(asks) == []


async def test_two_at_once_share_the_work(instance: Instance) -> None:
    """Given two that begin together, then each portion is made by one of them."""
    shared = MemoryVectors()
    models = Slow(), Slow()
    indexes = await instance(), await instance()
    await asyncio.gather(*(fulfil(index, model, shared) for index, model in zip(indexes, models, strict=True)))
    asked = [text for model in models for text in pieces_asked(model)]
    assert sorted(asked) == sorted(set(asked))
    assert len(asked) == len(PAIRS)
    assert [await lacking(index, models[0]) for index in indexes] == [0, 0]


class Slow(Words):
    """Lets others run before it answers."""

    async def of_pieces(self, texts: Sequence[str]) -> list[bytes]:
        await asyncio.sleep(0.01)
        return await super().of_pieces(texts)


async def test_a_claim_of_one_that_died_ends(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.knowledge.embedding.ELSEWHERE", 0.01)
    shared, model, indexing = MemoryVectors(), Words(), await instance()
    size = len(model._vectors([PROBE])[0])
    for digests in await indexing.read(portions.portions, ("shop",)):
        assert await shared.claim(name_of(model.space, size, digests)) is not None
    running = asyncio.create_task(fulfil(indexing, model, shared))
    await until(lambda: PROBE in model.asked)
    assert pieces_asked(model) == []
    shared.expire()
    await running
    assert len(pieces_asked(model)) == len(PAIRS)


class Away(MemoryVectors):
    async def claim(self, name: str) -> int | None:
        raise LogUnavailable("no answer")


class Full(MemoryVectors):
    async def claim(self, name: str) -> int | None:
        raise LogFull("no room")


class Foreign(MemoryVectors):
    """Has vectors of other pieces under each name."""

    async def of(self, name: str) -> list[tuple[bytes, bytes | None]]:
        return [(b"x" * 16, b"y" * 1024)]


class Short(MemoryVectors):
    """Has no vector under any name."""

    async def of(self, name: str) -> list[tuple[bytes, bytes | None]]:
        return []


@pytest.mark.parametrize("broken", [Away, Full, Foreign, Short])
async def test_what_cannot_be_shared_is_made_alone(instance: Instance, broken: type[MemoryVectors]) -> None:
    indexing, model = await instance(), Words()
    with capture_logs():
        await fulfil(indexing, model, broken())
    assert await lacking(indexing, model) == 0


async def test_vectors_of_another_length_are_not_taken_back(instance: Instance) -> None:
    """Given a server that makes other vectors under the same name, then the former ones, which are shared, do not come
    again."""
    shared, model, indexing = MemoryVectors(), Words(), await instance()
    await fulfil(indexing, model, shared)
    model.size = 64
    assert await search_by_both(indexing, model, "number 42", ("shop",), 1)  # which sees it
    await fulfil(indexing, model, shared)
    assert await indexing.read(meanings.size_of, model.space) == 64 * 4
    assert len(pieces_asked(model)) == 2 * len(PAIRS)


async def test_what_an_instance_made_alone_is_shared_later(instance: Instance) -> None:
    indexing, model, shared = await instance(), Words(), MemoryVectors()
    await Embedding(indexing).fulfil(Wish(model, ("shop",)))
    await fulfil(indexing, model, shared)
    assert len(pieces_asked(model)) == len(PAIRS)
    assert len(shared.stored) == -(-len(PAIRS) // portions.SIZE)


async def test_a_refusal_is_shared(instance: Instance) -> None:
    shared, model = MemoryVectors(), Words()
    model.refuses = "number 42"
    with capture_logs():
        await fulfil(await instance(), model, shared)
    other = await instance()
    await fulfil(other, model, shared)
    covered = await other.read(meanings.coverage, model.space, ("shop",))
    assert (covered.lacking, covered.refused) == (0, 1)


async def test_what_no_document_has_is_dropped(log: MemoryKnowledgeLog, instance: Instance, tmp_path: Path) -> None:
    shared, model, indexing = MemoryVectors(), Words(), await instance()
    embedding = Embedding(indexing, shared)
    embedding.want([Wish(model, ("shop",))], are_all=True)
    running = asyncio.create_task(embedding.run())
    await until(lambda: len(shared.stored) == -(-len(PAIRS) // portions.SIZE))
    await put(log, "numbers", faq=PAIRS[:1])
    await indexing.catch_up()
    await until(lambda: len(shared.stored) == 1)
    running.cancel()


async def test_a_model_that_is_away_says_so(instance: Instance) -> None:
    shared, model = MemoryVectors(), Words()
    model.fails = "unreachable"
    with pytest.raises(NotEmbedded):
        await fulfil(await instance(), model, shared)
    assert shared.stored == {}
