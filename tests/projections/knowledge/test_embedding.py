"""Documents are found by meaning as soon as their pieces have vectors, and by words all the time."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from events.knowledge import Pair
from events.knowledge_log import Changes
from events.memory_knowledge import MemoryKnowledgeLog
from projections.knowledge import meanings
from projections.knowledge.embedding import Embedding, NotEmbedded, Wish, search_by_both
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from projections.knowledge.rebuilding import rebuild, verify
from tests.projections.knowledge.embedding_process import PIECES, past
from tests.projections.knowledge.meaning import Words
from tests.projections.knowledge.test_index import HOURS, RETURNS, SHIPPING, Texts, put
from tests.waiting import until

TEXTS = {"shipping": SHIPPING, "returns": RETURNS, "hours": HOURS}
RESTORED = datetime(2027, 1, 1, tzinfo=UTC)
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


async def test_a_restored_stream_costs_no_vectors(
    log: MemoryKnowledgeLog, indexing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given another stream with the same texts, while it is read only in part, then no vectors are dropped."""
    looked, tidied = list[str](), list[str]()
    note, tidy = meanings.note_whole, meanings.tidy
    monkeypatch.setattr(meanings, "note_whole", lambda db, space, names: (looked.append(space), note(db, space, names)))
    monkeypatch.setattr(meanings, "tidy", lambda db, kept: (tidied.append("all"), tidy(db, kept))[1])
    model, embedding = Words(), Embedding(indexing)
    embedding.want([Wish(model, ("shop",))], are_all=True)
    running = asyncio.create_task(embedding.run())
    await until(lambda: len(tidied) == 1)
    first_one, *others = sorted((await log.look()).newest.values(), key=lambda one: one.seq)
    await indexing._take(Changes(RESTORED, True, 1, (first_one,), is_whole=False))
    for _ in range(2):
        before = len(looked)
        indexing.changed.set()
        await until(lambda: len(looked) > before)  # noqa: B023 - awaited here
    assert not indexing.is_whole.is_set()
    assert len(tidied) == 1
    await indexing._take(Changes(RESTORED, False, 3, tuple(others), is_whole=True))
    indexing.is_whole.set()
    indexing.changed.set()
    await until(lambda: len(tidied) > 1)
    assert len(model.asked) == 3
    running.cancel()


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


async def test_another_model_takes_over_when_it_is_whole(indexing: Indexing) -> None:
    """Until then its vectors are not searched, and those of the former model are kept."""
    former, new = Words(), Words("other words at home", size=64)
    await fulfil(indexing, former)
    vectors = [(meanings_of.digest, b"\x00" * 256) for meanings_of in await indexing.read(_lacking, new)]
    await indexing.write(meanings.keep, new.space, vectors[:1])
    assert await first(indexing, ABROAD, new) is None
    assert new.questions == []
    assert await first(indexing, ABROAD, former) == "shop/shipping"
    await indexing.write(meanings.forget, new.space)
    embedding = Embedding(indexing)
    embedding.want([Wish(new, ("shop",))], are_all=True)
    running = asyncio.create_task(embedding.run())

    async def is_dropped() -> bool:
        return list(await indexing.read(meanings.vectors_by_space)) == [new.space]

    await until(is_dropped)
    assert await first(indexing, ABROAD, new) == "shop/shipping"
    running.cancel()


async def test_nothing_is_dropped_while_a_profile_is_unknown(indexing: Indexing) -> None:
    former, new = Words(), Words("other words at home")
    await fulfil(indexing, former)
    embedding = Embedding(indexing)
    embedding.want([Wish(new, ("shop",))], are_all=False)
    running = asyncio.create_task(embedding.run())

    async def is_found() -> bool:
        return await first(indexing, ABROAD, new) == "shop/shipping"

    await until(is_found)
    running.cancel()
    assert len(await indexing.read(meanings.vectors_by_space)) == 2


@pytest.mark.parametrize("seen_by", ["a question", "a piece"])
async def test_vectors_of_another_length_replace_all(log: MemoryKnowledgeLog, indexing: Indexing, seen_by: str) -> None:
    """Given a server that makes other vectors under the same name, then no two kinds are compared, and all are made
    again."""
    model = Words()
    await fulfil(indexing, model)
    model.size = 64
    if seen_by == "a question":
        assert await first(indexing, ABROAD, model) is None
        assert await first(indexing, "frete", model) == "shop/shipping"
    else:
        await put(log, "menu", faq=(Pair("Soup?", "On Fridays."),))
        await indexing.catch_up()
        with pytest.raises(NotEmbedded, match="another length"):
            await fulfil(indexing, model)
    assert await indexing.read(meanings.size_of, model.space) is None
    await fulfil(indexing, model)
    assert await first(indexing, ABROAD, model) == "shop/shipping"


async def test_a_rebuild_pays_nothing(log: MemoryKnowledgeLog, indexing: Indexing, tmp_path: Path) -> None:
    model, path = Words(), tmp_path / "knowledge.db"
    await fulfil(indexing, model)
    await rebuild(path, log, Texts(**TEXTS))
    await fulfil(indexing, model)
    assert len(model.asked) == 3
    assert await first(indexing, ABROAD, model) == "shop/shipping"
    assert all(report.difference is None for report in await verify(path, log, Texts(**TEXTS)))


@pytest.mark.parametrize(
    "spoil",
    [
        "DELETE FROM meanings_1 WHERE rowid = 64 * (SELECT max(id) FROM pieces)",
        "INSERT INTO meanings_1 (rowid, collection, signs) VALUES (7, 'shop', vec_quantize_binary(zeroblob(1024)))",
        "DELETE FROM vectors WHERE digest = (SELECT max(digest) FROM vectors)",
    ],
)
async def test_verify_compares_which_vectors_exist(
    log: MemoryKnowledgeLog, indexing: Indexing, tmp_path: Path, spoil: str
) -> None:
    path = tmp_path / "knowledge.db"
    await fulfil(indexing, Words())
    spoiled = Index(path)
    spoiled.db.execute(spoil)
    spoiled.close()
    differing = [report.table for report in await verify(path, log, Texts(**TEXTS)) if report.difference]
    assert differing == ["knowledge.meanings"]
    await rebuild(path, log, Texts(**TEXTS))
    assert all(report.difference is None for report in await verify(path, log, Texts(**TEXTS)))


async def test_a_command_begins_with_the_index_of_an_instance(
    log: MemoryKnowledgeLog, indexing: Indexing, tmp_path: Path
) -> None:
    """It reads no text again, and has the vectors, without writing to the file."""
    model = Words()
    await fulfil(indexing, model)
    beside = Indexing(Index.copy_of(tmp_path / "knowledge.db"), log, texts := Texts(**TEXTS))
    await beside.catch_up()
    assert texts.read == 0
    assert await first(beside, ABROAD, model) == "shop/shipping"
    await beside.close()


@pytest.mark.parametrize("kind", ["missing", "a folder", "not an index", "of other content", "of another stream"])
async def test_a_command_beside_a_file_that_is_no_index_of_this_stream(
    log: MemoryKnowledgeLog, indexing: Indexing, tmp_path: Path, kind: str
) -> None:
    """It makes all of it from the stream, and leaves the file as it was."""
    path = tmp_path / "other.db"
    if kind == "a folder":
        path.mkdir()
    elif kind == "not an index":
        path.write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
    elif kind == "of other content":
        await indexing.close()
        body = (tmp_path / "knowledge.db").read_bytes()
        path.write_bytes(body[:16384] + b"\xff" * (len(body) - 16384))
    elif kind == "of another stream":
        (other := Index(path)).take("another", 9, [], afresh=True)
        other.close()
    beside = Indexing(Index.copy_of(path), log, texts := Texts(**TEXTS))
    await beside.catch_up()
    assert texts.read
    assert (await beside.contents(("shop",))).names
    assert path.exists() == (kind != "missing")
    await beside.close()


async def test_a_process_that_is_killed_between_batches(tmp_path: Path) -> None:
    """What was kept is not asked for again, and the file is whole."""
    path = tmp_path / "knowledge.db"
    command = (sys.executable, "-m", "tests.projections.knowledge.embedding_process", str(path))
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    assert process.stdout is not None
    told = [int(await process.stdout.readline()) for _ in range(3)]
    process.kill()
    await process.wait()
    log = await past()
    indexing = Indexing(Index(path), log, Texts())
    await indexing.catch_up()
    model = Words()
    assert told[1] == (await _kept(indexing, model)) == 64
    await fulfil(indexing, model)
    assert len(model.asked) == PIECES - 64
    await indexing.close()
    assert all(report.difference is None for report in await verify(path, log, Texts()))


async def _kept(indexing: Indexing, model: Words) -> int:
    return len((await indexing.read(meanings.vectors_by_space))[model.space])


def _lacking(db: object, model: Words) -> list[meanings.Lacking]:
    return meanings.lacking(db, model.space, ("shop",), 99)
