"""The promises of every stream of documents, on JetStream or in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from events.jetstream.api import stored_message
from events.jetstream.connection import Bus
from events.jetstream.knowledge import JetStreamKnowledgeLog
from events.jetstream.log import JetStreamLog
from events.jetstream.streams import KNOWLEDGE
from events.knowledge import LARGEST, Document, KnowledgeUnreadable, Pair, Place, Unread, Version
from events.knowledge_log import Changes, KnowledgeChanged, KnowledgeLog
from events.log import LogFull
from events.memory_knowledge import MemoryKnowledgeLog
from events.settled import Outcome, Settled
from tests.conftest import LOG_BYTES

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
DIGEST = "ab" * 32


def place(name: str = "prices.pdf", collection: str = "shop") -> Place:
    return Place(collection, name)


def document(name: str = "prices.pdf", **fields: Any) -> Document:
    given = {"sha256": DIGEST, "object": f"LIBRARY/{DIGEST}", "mime": "application/pdf", "at": AT, "by": "test"}
    return Document(name=name, **(given | fields))


@pytest.fixture(params=["memory", "jetstream"])
async def knowledge(request: pytest.FixtureRequest) -> AsyncIterator[KnowledgeLog]:
    if request.param == "memory":
        yield MemoryKnowledgeLog()
        return
    bus = await Bus.open(request.getfixturevalue("nats_server").url)
    log = await JetStreamLog.open(bus, max_bytes=LOG_BYTES)
    found = await JetStreamKnowledgeLog.open(bus)
    yield found
    await found.close()
    await log.close()
    await bus.close()


async def put(knowledge: KnowledgeLog, subject: str, body: bytes) -> None:
    """Store any bytes, as a program outside may."""
    if isinstance(knowledge, MemoryKnowledgeLog):
        await knowledge.store(subject, body)
    else:
        assert isinstance(knowledge, JetStreamKnowledgeLog)
        await knowledge._bus.request(subject, body, timeout=5)


async def body_at(knowledge: KnowledgeLog, seq: int) -> bytes:
    if isinstance(knowledge, MemoryKnowledgeLog):
        return knowledge._at(seq)[2]
    assert isinstance(knowledge, JetStreamKnowledgeLog)
    stored = await stored_message(knowledge._bus, KNOWLEDGE, {"seq": seq})
    assert stored is not None
    return stored.raw().body


async def soon(followed: AsyncGenerator[Changes, None]) -> Changes:
    return await asyncio.wait_for(anext(followed), 30)


async def test_every_version_stays_readable(knowledge: KnowledgeLog) -> None:
    """Given documents in two collections, of which one is changed and one removed, then each version is found, and the
    newest are told."""
    first = await knowledge.write(place(), document(), expected=0)
    asked = await knowledge.write(place("faq"), Document(name="faq", faq=(Pair("Open?", "Yes."),), at=AT), expected=0)
    await knowledge.write(place(collection="bar"), document(), expected=0)
    second = await knowledge.write(place(), document(mime="text/plain"), expected=first)
    await knowledge.write(place("faq"), Document(name="faq", removed=True, at=AT), expected=asked)
    stock = await knowledge.look()
    assert [(str(one.place), one.document.mime) for one in stock.there()] == [
        ("bar/prices.pdf", "application/pdf"),
        ("shop/prices.pdf", "text/plain"),
    ]
    assert set((await knowledge.look("shop")).newest) == {place(), place("faq")}
    assert await knowledge.version(first) == Version(place(), first, document())
    assert await knowledge.version(second + 90) is None
    assert (await knowledge.look("none")).newest == {}


async def test_of_two_writers_one_wins(knowledge: KnowledgeLog) -> None:
    """Given two who add one document at once, then one is told that it changed, and nothing of it is stored."""
    done = await asyncio.gather(
        *(knowledge.write(place(), document(by=by), expected=0) for by in ("ana", "bia")), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["KnowledgeChanged", "int"]
    with pytest.raises(KnowledgeChanged, match=r"shop/prices\.pdf"):
        await knowledge.write(place(), document(), expected=0)


async def test_fields_of_a_newer_release_outlast_a_change(knowledge: KnowledgeLog) -> None:
    """Given a version that a newer release wrote, and a change of it here, then its fields are in the next version."""
    await put(knowledge, place("faq").subject, b'{"name":"faq","tone":"warm","faq":[{"q":"Open?","a":"1","n":7}]}')
    last = (await knowledge.look()).last_of(place("faq"))
    seq = await knowledge.write(place("faq"), Document(name="faq", faq=(Pair("Open?", "2"),)), expected=last)
    assert await body_at(knowledge, seq) == b'{"name":"faq","faq":[{"q":"Open?","a":"2","n":7}],"tone":"warm"}'


async def test_a_follower_hears_all_and_then_each_change(knowledge: KnowledgeLog) -> None:
    """Given a follower from the beginning, and one that goes on from where it was, then each hears what it lacks."""
    async with aclosing(knowledge.follow(0, None)) as early:
        begun = await soon(early)
        assert (begun.versions, begun.is_whole, begun.is_from_start) == ((), True, True)
        last = await knowledge.write(place(), document(), expected=0)
        heard = await soon(early)
        assert [one.seq for one in heard.versions] == [last]
        async with aclosing(knowledge.follow(heard.last, heard.stream)) as later:
            assert (await soon(later)).versions == ()
            last = await knowledge.write(place("menu"), document("menu"), expected=0)
            changes = await soon(later)
            assert ([one.seq for one in changes.versions], changes.is_from_start) == ([last], False)


async def test_another_stream_is_read_from_its_beginning(knowledge: KnowledgeLog) -> None:
    """Given a follower that knows a stream of another time, as after a restore, then it hears everything."""
    await knowledge.write(place(), document(), expected=0)
    async with aclosing(knowledge.follow(7, AT - timedelta(days=9))) as followed:
        changes = await soon(followed)
        assert ([one.seq for one in changes.versions], changes.is_from_start) == ([1], True)


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("kb.shop.prices=2Epdf", b""),
        ("kb.shop.prices=2Epdf", b"\xff"),
        ("kb.shop.prices=2Epdf", b"[" * 5000),
        ("kb.shop.prices=2Epdf", b'{"name":"prices.pdf"}'),
        ("kb.shop.prices=2Epdf", b'{"name":"other","removed":true}'),
        ("kb.shop.prices=2Epdf", b'{"name":"prices.pdf","object":"MEDIA/x"}'),
        ("kb.shop.prices=2Epdf", b'{"name":"prices.pdf","faq":[{"q":"","a":"x"}]}'),
    ],
)
async def test_bytes_that_are_no_document(knowledge: KnowledgeLog, subject: str, body: bytes) -> None:
    """Given such bytes after a good version, then the good one stays in force, and others go on."""
    await knowledge.write(place(), document(), expected=0)
    await put(knowledge, subject, body)
    await knowledge.write(place("menu"), document("menu"), expected=0)
    stock = await knowledge.look()
    assert [str(one.place) for one in stock.there()] == ["shop/menu", "shop/prices.pdf"]
    assert [one.subject for one in stock.unread] == [subject]
    async with aclosing(knowledge.follow(0, None)) as followed:
        heard: list[Version | Unread] = []
        while len(heard) < 3:
            heard += (await soon(followed)).versions
        assert [type(one) for one in heard] == [Version, Unread, Version]


@pytest.mark.parametrize("subject", ["kb.Shop.a", "kb.=2A.a", "kb.shop.=00", "kb.shop.too-long-" + "ab" * 32])
async def test_a_subject_that_names_no_document(knowledge: KnowledgeLog, subject: str) -> None:
    await put(knowledge, subject, b'{"name":"a","object":"LIBRARY/' + DIGEST.encode() + b'"}')
    stock = await knowledge.look()
    assert (stock.there(), [one.subject for one in stock.unread]) == ([], [subject])


async def test_nothing_but_the_word_is_needed_to_remove(knowledge: KnowledgeLog) -> None:
    await knowledge.write(place(), document(), expected=0)
    await put(knowledge, place().subject, b'{"removed":true}')
    assert (await knowledge.look()).there() == []


async def test_a_version_has_bounds(knowledge: KnowledgeLog) -> None:
    pairs = tuple(Pair("q" * 1_000, "a" * 4_000) for _ in range(LARGEST // 4_500))
    with pytest.raises(KnowledgeUnreadable, match="at most 524,288"):
        await knowledge.write(place(), Document(name="prices.pdf", faq=pairs), expected=0)
    assert (await knowledge.look()).newest == {}


async def test_a_full_stream_of_documents_says_what_to_do() -> None:
    class Full:
        async def publish(self, *_: Any) -> None:
            raise LogFull("the log is full: maximum bytes exceeded (10047)")

    full = JetStreamKnowledgeLog(cast(Any, None), cast(Any, Full()))
    with pytest.raises(LogFull, match="nats stream edit KNOWLEDGE --max-bytes") as said:
        await full.write(place(), document(), expected=0)
    assert "the log" not in str(said.value)


@pytest.mark.parametrize("name", ["я" * 190, "\U0001f35e" * 90, "x" * 301, "a\nb"])
async def test_a_name_that_cannot_be_stored_is_refused(knowledge: KnowledgeLog, name: str) -> None:
    with pytest.raises(KnowledgeUnreadable):
        await knowledge.write(place(name), document(name), expected=0)
    assert (await knowledge.look()).last == 0


async def test_a_document_is_changed_after_a_version_that_cannot_be_read(knowledge: KnowledgeLog) -> None:
    """Given a newest version that cannot be read, also under a long name like another's, then its sequence is the last
    of its document, and of no other one."""
    long, other = place("я" * 60 + "1"), place("я" * 60 + "2")
    await knowledge.write(long, document(long.name), expected=0)
    await knowledge.write(other, document(other.name), expected=0)
    await put(knowledge, long.subject, b"{}")
    stock = await knowledge.look()
    assert [stock.last_of(one) for one in (long, other, place("none"))] == [3, 2, 0]
    await knowledge.write(long, document(long.name, removed=True), expected=stock.last_of(long))
    assert [one.place for one in (await knowledge.look()).there()] == [other]


async def test_drafts_that_are_settled(knowledge: KnowledgeLog) -> None:
    """They are no documents, for nobody who looks or follows; of two outcomes the first one stays."""
    draft, other = Settled(1_764_000_000, ((7,), (9, 12))), Settled(1_764_000_000, ((15,),))
    for one, did in ((draft, "accepted"), (draft, "dismissed"), (other, "dismissed")):
        await knowledge.settle(one, Outcome(did=did, by="ana", at=AT, pair="shop/faq"))
    await knowledge.write(place(), document(), expected=0)
    assert set(await knowledge.settled()) == {draft, other}
    stock = await knowledge.look()
    assert ([*stock.newest], stock.unread, stock.last) == ([place()], (), 3)
    async with aclosing(knowledge.follow(0, None)) as followed:
        seen = [await soon(followed)]
        while not seen[-1].is_whole:
            seen.append(await soon(followed))
    assert [one for changes in seen for one in changes.versions] == [Version(place(), 3, document())]
    assert seen[-1].last == 3
