"""The index follows the stream of documents, and finds what they say."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysqlite3 import dbapi2 as sqlite3

from events.knowledge import Document, Pair, Place, Version
from events.memory_knowledge import MemoryKnowledgeLog
from projections.knowledge.forms import CONCEPTS
from projections.knowledge.index import Index, Text
from projections.knowledge.indexing import Indexing
from projections.knowledge.rebuilding import Rebuilt, rebuild, verify
from projections.knowledge.search import Question, joined, search
from tests.waiting import until

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
DIGEST = "cd" * 32
SHIPPING = "# Envios\nFazemos entregas em todo o Brasil. O frete é grátis acima de R$ 200."
RETURNS = "# Devoluciones\nAceptamos devoluciones dentro de treinta días con el recibo."
HOURS = "# Hours\nWe are open from Monday to Friday."


class Texts:
    """The texts of documents by their names."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts
        self.read = 0

    async def text_of(self, version: Version) -> Text:
        self.read += 1
        found = self.texts.get(version.place.name)
        return Text("", "it is gone") if found is None else Text(found)


async def put(log: MemoryKnowledgeLog, name: str, collection: str = "shop", **fields: Any) -> int:
    place = Place(collection, name)
    before = (await log.look()).newest.get(place)
    document = Document(name=name, **({"object": f"LIBRARY/{DIGEST}", "source": f"/{name}", "at": AT} | fields))
    return await log.write(place, document, expected=before.seq if before is not None else 0)


async def found(indexing: Indexing, words: str, *collections: str) -> list[str]:
    pieces = await indexing.search(Question(words, collections or ("shop",)))
    return [str(piece.place) for piece in pieces]


@pytest.fixture
async def log() -> MemoryKnowledgeLog:
    log = MemoryKnowledgeLog()
    for name in ("shipping", "returns", "hours"):
        await put(log, name)
    return log


@pytest.fixture
async def indexing(log: MemoryKnowledgeLog) -> AsyncIterator[Indexing]:
    indexing = Indexing(Index(None), log, Texts(shipping=SHIPPING, returns=RETURNS, hours=HOURS))
    await indexing.catch_up()
    yield indexing
    await indexing.close()


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("vocês ENTREGAM no brasil?", "shipping"),
        ("quero saber do fréte gratis", "shipping"),
        ("¿puedo devolver algo? ¿aceptan devolución?", "returns"),
        ("opening on mondays", "hours"),
    ],
)
async def test_words_are_found_in_other_forms(indexing: Indexing, words: str, name: str) -> None:
    """Accents, case and endings make no difference in the three languages."""
    assert (await found(indexing, words))[0] == f"shop/{name}"


@pytest.mark.parametrize("words", ["", "???", "o que é", '"', "frete* OR NEAR(", "🙂", "\x00", "a" * 5000])
async def test_a_question_is_never_syntax(indexing: Indexing, words: str) -> None:
    assert len(await found(indexing, words)) <= 3


async def test_a_piece_says_where_it_is_from(indexing: Indexing) -> None:
    (piece,) = await indexing.search(Question("frete", ("shop",)), 1)
    assert (piece.seq, piece.number, piece.headings, piece.source, piece.at) == (1, 0, "Envios", "/shipping", AT)


async def test_one_collection_does_not_see_another(log: MemoryKnowledgeLog, indexing: Indexing) -> None:
    await put(log, "hours", "bar")
    await indexing.catch_up()
    assert await found(indexing, "open on Monday", "bar") == ["bar/hours"]
    assert await found(indexing, "open on Monday", "shop") == ["shop/hours"]
    assert sorted(await found(indexing, "open on Monday", "shop", "bar")) == ["bar/hours", "shop/hours"]
    assert await found(indexing, "open on Monday", "other") == []


async def test_a_changed_and_a_removed_document(log: MemoryKnowledgeLog, indexing: Indexing) -> None:
    """Given a document that changes, and one that ends, while the index follows, then old words are not found."""
    following = asyncio.create_task(indexing.follow())
    await put(log, "shipping", faq=(Pair("Do you ship?", "Only by pigeon."),))
    await put(log, "returns", removed=True)

    async def changed() -> bool:
        return await found(indexing, "pigeon") == ["shop/shipping"] and not await found(indexing, "recibo")

    await until(changed)
    assert await found(indexing, "acima de R$ 200") == []
    following.cancel()


async def test_a_document_that_cannot_be_read_is_named_and_has_no_pieces(tmp_path: Path) -> None:
    log = MemoryKnowledgeLog()
    await put(log, "hours")
    await put(log, "broken")
    indexing = Indexing(Index(tmp_path / "knowledge.db"), log, Texts(hours=HOURS))
    await indexing.catch_up()
    await indexing.close()
    index = Index(tmp_path / "knowledge.db")
    assert index.db.execute("SELECT name, reason FROM documents ORDER BY id").fetchall() == [
        ("hours", None),
        ("broken", "it is gone"),
    ]
    assert index.db.execute("SELECT count(*) FROM pieces").fetchone() == (1,)
    index.close()


async def test_a_second_start_reads_only_what_is_new(log: MemoryKnowledgeLog, tmp_path: Path) -> None:
    texts = Texts(shipping=SHIPPING, returns=RETURNS, hours=HOURS)
    for _ in range(2):
        indexing = Indexing(Index(tmp_path / "knowledge.db"), log, texts)
        await indexing.catch_up()
        await indexing.close()
    assert texts.read == 3


async def test_a_damaged_file_is_made_again(log: MemoryKnowledgeLog, tmp_path: Path) -> None:
    path = tmp_path / "knowledge.db"
    path.write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
    indexing = Indexing(Index(path), log, Texts(shipping=SHIPPING, returns=RETURNS, hours=HOURS))
    await indexing.catch_up()
    assert await found(indexing, "frete") == ["shop/shipping"]
    await indexing.close()
    assert path.stat().st_mode & 0o077 == 0


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([SHIPPING, RETURNS, HOURS, None])), min_size=1, max_size=8
    ),
    st.lists(st.integers(1, 8), max_size=4),
)
@settings(max_examples=40)
def test_any_portions_give_the_same_index(changes: list[tuple[str, str | None]], cuts: list[int]) -> None:
    """The same versions, however they come in portions, give the same documents and pieces."""
    pairs = [
        (
            Version(Place("shop", name), seq, Document(name=name, removed=text is None, object=f"LIBRARY/{DIGEST}")),
            Text(text or ""),
        )
        for seq, (name, text) in enumerate(changes, 1)
    ]
    at_once, in_portions = Index(None), Index(None)
    at_once.take(str(AT), len(pairs), pairs, afresh=True)
    borders = sorted({0, *(cut for cut in cuts if cut < len(pairs)), len(pairs)})
    for start, end in pairwise(borders):
        in_portions.take(str(AT), end, pairs[start:end], afresh=start == 0)
    for query in (
        "SELECT * FROM documents ORDER BY id",
        "SELECT document, number, headings, text FROM pieces ORDER BY document, number",
    ):
        assert at_once.db.execute(query).fetchall() == in_portions.db.execute(query).fetchall()
    question = Question("frete devoluciones open", ("shop",))
    shown = [[(one.seq, one.number) for one in search(index, question, 9)] for index in (at_once, in_portions)]
    assert sorted(shown[0]) == sorted(shown[1])
    at_once.close()
    in_portions.close()


def test_words_and_meaning_are_joined_by_their_scores() -> None:
    assert joined({1: 2.0, 2: 1.0}, {}) == [1, 2]
    assert joined({}, {4: 0.5, 5: 0.9}) == [4, 5]
    assert joined({2: 1.0}, {1: 0.5, 2: 0.54, 3: 0.7}) == [2, 1, 3]  # near, with a rare word
    assert joined({3: 1.0}, {1: 0.5, 2: 0.6, 3: 0.7}) == [1, 2, 3]  # far, with a rare word
    assert joined({9: 4.0}, {1: 0.5, 2: 0.7}) == [9, 1, 2]  # four rare words, and not near at all
    assert joined({1: 0.1}, {1: 0.5}) == [1]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("how much is it by card?", "O valor é o mesmo no cartão de crédito."),
        ("tem entrega?", "Repartimos los jueves."),
        ("¿se admiten perros?", "Dogs are welcome."),
    ],
)
def test_the_commonest_words_of_businesses_are_found_in_other_words_and_languages(words: str, text: str) -> None:
    index = Index(None)
    versions = [
        (Version(Place("shop", str(seq)), seq, Document(name=str(seq), at=AT)), Text(one))
        for seq, one in enumerate(("Nós somos uma empresa do bairro.", text, "Established in 1990."), 1)
    ]
    index.take("stream", 3, versions, afresh=True)
    assert [one.text for one in search(index, Question(words, ("shop",)))][:1] == [text]
    index.close()


def test_a_concept_has_words_of_each_language() -> None:
    lines = [line.split(" | ") for line in CONCEPTS.splitlines()]
    assert len(lines) > 250
    assert [line for line in lines if len(line) != 3 or not all(part.strip() for part in line)] == []


def test_the_scale_of_a_model_makes_no_difference() -> None:
    words, near = {3: 1.0, 7: 2.0}, {1: 0.5, 2: 0.6, 3: 0.7, 4: 1.3}
    narrow = {one: 0.3 + distance / 100 for one, distance in near.items()}
    assert joined(words, narrow) == joined(words, near)


async def test_an_index_is_made_again_beside_the_one_in_use(log: MemoryKnowledgeLog, tmp_path: Path) -> None:
    """Given a file with rows that no document has, then `verify` names the table, and after a rebuild the searches of
    who has it open are right."""
    path, texts = tmp_path / "knowledge.db", Texts(shipping=SHIPPING, returns=RETURNS, hours=HOURS)
    indexing = Indexing(Index(path), log, texts)
    await indexing.catch_up()
    assert all(report.difference is None for report in await verify(path, log, texts))
    spoiled = Index(path)
    spoiled.db.execute("UPDATE pieces SET text = 'We never open.' WHERE headings = 'Hours'")
    spoiled.close()
    assert [report.table for report in await verify(path, log, texts) if report.difference] == ["knowledge.pieces"]
    assert await rebuild(path, log, texts) == Rebuilt(3, 3)
    assert all(report.difference is None for report in await verify(path, log, texts))
    (piece,) = await indexing.search(Question("open on Monday", ("shop",)), 1)
    assert "never" not in piece.text
    await indexing.close()


async def test_a_rebuild_takes_nothing_back(log: MemoryKnowledgeLog) -> None:
    """Given an index that has read further than the new one, then it stays as it is."""
    texts = Texts(shipping=SHIPPING, returns=RETURNS, hours=HOURS)
    fresh, live = Index(None), Index(None)
    await Indexing(fresh, log, texts).catch_up()
    await put(log, "menu", faq=(Pair("Soup?", "On Fridays."),))
    await Indexing(live, log, texts).catch_up()
    assert not live.replace_with(fresh)
    assert len(search(live, Question("soup", ("shop",)))) == 1
    fresh.close()
    live.close()


async def test_the_file_is_closed_after_its_last_use(log: MemoryKnowledgeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """A follower that is cancelled, as when an instance stops, waits for the thread that writes."""
    index = Index(None)
    indexing = Indexing(index, log, Texts(shipping=SHIPPING))
    began, go_on, done = threading.Event(), threading.Event(), list[str]()
    take, close = index.take, index.close

    def slow(*given: Any, **named: Any) -> None:
        began.set()
        go_on.wait(60)
        take(*given, **named)
        done.append("written")

    def closed() -> None:
        close()
        done.append("closed")

    monkeypatch.setattr(index, "take", slow)
    monkeypatch.setattr(index, "close", closed)
    following = asyncio.create_task(indexing.follow())
    await until(began.is_set)
    closing = asyncio.create_task(indexing.close())
    for _ in range(3):
        following.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
    assert done == []
    go_on.set()
    await closing
    assert done == ["written", "closed"]
    with pytest.raises(asyncio.CancelledError):
        await following


async def test_a_document_of_too_many_pieces_is_not_found_and_says_why() -> None:
    log = MemoryKnowledgeLog()
    await put(log, "many")
    indexing = Indexing(Index(None), log, Texts(many="".join(f"# {number}\nword\n" for number in range(20_001))))
    await indexing.catch_up()
    assert await indexing.unfound() == (1, {1: "it has more than 20,000 pieces: split it"})
    await indexing.close()


async def test_what_reads_does_not_wait_for_what_writes(log: MemoryKnowledgeLog, tmp_path: Path) -> None:
    """Given a write that goes on, as of a large document, then questions are answered by the state before it."""
    indexing = Indexing(Index(tmp_path / "knowledge.db"), log, Texts(shipping=SHIPPING))
    seq = await put(log, "shipping")
    await indexing.catch_up()
    begun, ended = threading.Event(), threading.Event()

    def writes(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM documents")
        begun.set()
        ended.wait()

    writing = asyncio.create_task(indexing.write(writes))
    try:
        await until(begun.is_set)
        async with asyncio.timeout(30):
            assert await found(indexing, "frete") == ["shop/shipping"]
            assert (await indexing.contents(("shop",))).names == ("shipping",)
            assert (await indexing.unfound())[0] == seq
    finally:
        ended.set()
        await writing
        assert await found(indexing, "frete") == []
        await indexing.close()
