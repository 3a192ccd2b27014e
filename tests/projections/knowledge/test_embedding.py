"""Documents are found by meaning as soon as their pieces have vectors, and by words all the time."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from events.knowledge import Pair
from events.memory_knowledge import MemoryKnowledgeLog
from projections.knowledge import meanings
from projections.knowledge.embedding import Embedding, NotEmbedded, Wish, search_by_both
from projections.knowledge.indexing import Indexing
from tests.projections.knowledge.indexed import ABROAD, first, fulfil, indexing, log
from tests.projections.knowledge.meaning import Words
from tests.projections.knowledge.test_index import put
from tests.waiting import until

__all__ = ["indexing", "log"]


async def test_a_passage_without_a_word_of_the_question(indexing: Indexing) -> None:
    model = Words()
    assert await first(indexing, ABROAD, model) is None
    assert model.questions == []  # there is nothing to compare it with
    await fulfil(indexing, model)
    assert await first(indexing, ABROAD, model) == "shop/shipping"
    assert await first(indexing, ABROAD, None) is None


async def test_words_count_beside_the_meaning(indexing: Indexing) -> None:
    model = Words()
    await fulfil(indexing, model)
    assert await first(indexing, "treinta días", model) == "shop/returns"


async def test_one_collection_does_not_see_another(log: MemoryKnowledgeLog, indexing: Indexing) -> None:
    """Also where both have the same text."""
    await put(log, "shipping", "bar")
    await indexing.catch_up()
    model = Words()
    await fulfil(indexing, model, "shop", "bar")
    assert len(model.asked) == 3  # the same words are embedded once
    assert await first(indexing, ABROAD, model, "bar") == "bar/shipping"
    assert {str(one.place) for one in await search_by_both(indexing, model, ABROAD, ("bar",), 9)} == {"bar/shipping"}
    assert await first(indexing, ABROAD, model, "other") is None
    places = [str(one.place) for one in await search_by_both(indexing, model, ABROAD, ("shop", "bar"), 2)]
    assert sorted(places) == ["bar/shipping", "shop/shipping"]


async def test_phrasings_are_one_question(indexing: Indexing) -> None:
    """Each has a vector; the second one finds what the first does not."""
    model = Words()
    await fulfil(indexing, model)
    assert await first(indexing, "xylophone", None) is None
    phrased = await first(indexing, f"xylophone\n{ABROAD}", model)
    assert model.questions == ["xylophone", ABROAD]
    assert phrased == await first(indexing, ABROAD, model)


async def test_a_collection_that_no_settings_name_is_not_sent(log: MemoryKnowledgeLog, indexing: Indexing) -> None:
    await put(log, "secret", "private", faq=(Pair("Which?", "That one."),))
    await indexing.catch_up()
    model = Words()
    await fulfil(indexing, model)
    assert not any("That one" in text for text in model.asked)


async def test_changes_are_followed(log: MemoryKnowledgeLog, indexing: Indexing) -> None:
    """Given documents that change and end, when the worker runs, then what is new gets its vector, what is gone is not
    found, and nothing is embedded twice."""
    model, embedding = Words(), Embedding(indexing)
    embedding.want([Wish(model, ("shop",))], are_all=True)
    running = [asyncio.create_task(indexing.follow()), asyncio.create_task(embedding.run())]

    async def is_found() -> bool:
        return await first(indexing, ABROAD, model) == "shop/shipping"

    await until(is_found)
    await put(log, "shipping", removed=True)
    await put(log, "coins", faq=(Pair("Tem troco?", "Sim, para R$ 100."),))

    async def is_changed() -> bool:
        found = await search_by_both(indexing, model, "any change?", ("shop",), 9)
        return "shop/shipping" not in {str(one.place) for one in found} and str(found[0].place) == "shop/coins"

    await until(is_changed)
    assert len(model.asked) == len(set(model.asked)) == 4

    async def is_tidy() -> bool:
        return len((await indexing.read(meanings.vectors_by_space))[model.space]) == 3

    await until(is_tidy)
    for task in running:
        task.cancel()


async def test_a_server_that_is_down(indexing: Indexing) -> None:
    """Words alone answer, and the log says so; when it is back, the rest is made."""
    model, embedding = Words(), Embedding(indexing)
    model.fails = "unreachable: nobody there"
    with capture_logs() as logs:
        embedding.want([Wish(model, ("shop",))], are_all=True)
        running = asyncio.create_task(embedding.run())
        await until(lambda: [entry for entry in logs if entry["event"] == "pieces_not_embedded"])
        assert await first(indexing, "frete", model) == "shop/shipping"
        model.fails = None
        indexing.changed.set()

        async def is_found() -> bool:
            return await first(indexing, ABROAD, model) == "shop/shipping"

        await until(is_found)
        model.fails = "timeout: no answer"
        assert await first(indexing, ABROAD, model) is None
        assert await first(indexing, "frete", model) == "shop/shipping"
    running.cancel()
    told = [entry for entry in logs if entry["event"] == "question_not_embedded"]
    assert [entry["reason"] for entry in told] == ["timeout: no answer"] * 2


async def test_one_piece_that_is_refused_stops_no_other(indexing: Indexing) -> None:
    model = Words()
    model.refuses = "recibo"
    with capture_logs() as logs:
        await fulfil(indexing, model)
    assert [entry["event"] for entry in logs].count("piece_refused") == 1
    covered = await indexing.read(meanings.coverage, model.space, ("shop",))
    assert (covered.pieces, covered.lacking, covered.refused) == (3, 0, 1)
    assert await first(indexing, ABROAD, model) == "shop/shipping"
    assert await first(indexing, "recibo", model) == "shop/returns"
    before = len(model.asked)
    await fulfil(indexing, model)
    assert len(model.asked) == before


async def test_a_server_that_refuses_everything_refuses_no_piece(indexing: Indexing) -> None:
    model = Words()
    model.refuses = ""

    async def refused(_: object, __: object = None) -> list[bytes]:
        raise NotEmbedded("this model makes no vectors", refused=True)

    model.of_pieces = refused  # type: ignore[assignment]
    with pytest.raises(NotEmbedded):
        await fulfil(indexing, model)
    covered = await indexing.read(meanings.coverage, model.space, ("shop",))
    assert (covered.lacking, covered.refused) == (3, 0)
