"""A write by compare-and-set whose acknowledgement is lost is the same call's own: no conflict, and stored once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from events.jetstream.connection import Bus
from events.jetstream.knowledge import JetStreamKnowledgeLog
from events.jetstream.library import JetStreamLibrary
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.jetstream.profiles import JetStreamProfileLog
from events.jetstream.publisher import Publisher
from events.jetstream.users import JetStreamUsers
from events.jetstream.vectors import JetStreamVectors
from events.jetstream.write_once import TRIES, answered
from events.knowledge import Document, Pair, Place
from events.knowledge_log import KnowledgeChanged
from events.library import Entry
from events.log import LogUnavailable, NotStored, WriteUnknown
from events.parts import Part
from events.profile import Profile
from events.profile_log import ProfilesChanged
from events.users import UsersChanged
from tests.conftest import LOG_BYTES
from tests.events.test_user_book import user
from tests.nats_proxy import NatsProxy

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
PLACE = Place("shop", "hours")


@pytest.fixture
async def far(wire: NatsProxy) -> AsyncIterator[Bus]:
    """A connection whose acknowledgements may be lost."""
    bus = await Bus.open(wire.url, name="far")
    log = await JetStreamLog.open(bus, max_bytes=LOG_BYTES)
    yield bus
    await log.close()
    await bus.close()


def lose_acks(wire: NatsProxy, stream: str, times: int = 1, *, but: int = 0) -> None:
    """Lose the next acknowledgements of the stream, each with its connection; the first ones (`but`) come."""
    left, passed = times, 0

    def loses(_fields: list[bytes], payload: bytes) -> bool:
        nonlocal left, passed
        is_ack = f'"stream":"{stream}","seq"'.encode() in payload.replace(b", ", b",")
        passed += is_ack
        if is_ack and left and passed > but:
            left -= 1
            wire.cut()
            return True
        return False

    wire.loses = loses


async def test_a_user(far: Bus, wire: NatsProxy, bus: Bus) -> None:
    """Who is made, changed and removed; another program's write between is a conflict, as ever."""
    book = await JetStreamUsers.open(far, replicas=1)
    lose_acks(wire, "KV_USERS")
    made = await book.write(user("ana", role="owner"), expected=0)
    lose_acks(wire, "KV_USERS")
    gone = await book.remove("ana", "me", expected=made)
    assert (made, gone, wire.lost) == (1, 2, 2)
    assert (await book.look()).removed["ana"].by == "me"
    near = await JetStreamUsers.open(bus)
    await near.write(user("ana", by="another"), expected=gone)
    with pytest.raises(UsersChanged):
        await book.write(user("ana"), expected=gone)
    assert (await book.look()).users["ana"].by == "another"
    await near.close()
    await book.close()


async def test_a_user_of_whom_no_answer_comes(far: Bus, wire: NatsProxy) -> None:
    """It is said that nothing is known, and stored once."""
    book = await JetStreamUsers.open(far, replicas=1)
    lose_acks(wire, "KV_USERS", TRIES)
    with pytest.raises(WriteUnknown, match="look before you do it again"):
        await book.write(user("ana"), expected=0)
    assert (await book.look()).seq == 1
    await book.close()


async def test_a_user_whom_no_stream_takes(bus: Bus) -> None:
    """The bus says that nothing was stored, and so is the user told."""
    book = await JetStreamUsers.open(bus, replicas=1)
    await bus.jetstream().delete_stream("KV_USERS")
    with pytest.raises(NotStored, match="no stream takes"):
        await book.write(user("ana"), expected=0)
    await book.close()


async def test_an_earlier_try_that_the_server_has_not_stored_yet(bus: Bus) -> None:
    """Given a cluster's leader that refuses a repeat of an id while the first try is on its way to the others: nobody
    knows yet whether that one will be stored."""
    publisher = await Publisher.open(bus)
    await bus.listen("far.away", lambda _subject, reply, _headers, _body: asked.put_nowait(reply.decode()))
    asked: asyncio.Queue[str] = asyncio.Queue()
    publishing = asyncio.create_task(publisher.publish("far.away", b"{}", {"Nats-Msg-Id": "1"}))
    refusal = {"code": 409, "err_code": 10158, "description": "duplicate message id is in process"}
    await bus.publish(await asked.get(), json.dumps({"error": refusal, "stream": "EVENTS", "seq": 0}).encode())
    with pytest.raises(LogUnavailable, match="in process") as refused:
        await publishing
    assert not isinstance(refused.value, NotStored)
    await publisher.close()


@pytest.mark.parametrize("lost", range(TRIES))
async def test_one_lost_answer_among_refusals_is_unknown(lost: int) -> None:
    """The refused tries say nothing of the one without an answer."""
    answers: list[LogUnavailable] = [NotStored("no stream") for _ in range(TRIES)]
    answers[lost] = LogUnavailable("no answer")
    tries = iter(answers)

    async def write() -> None:
        raise next(tries)

    with pytest.raises(WriteUnknown):
        await answered(write)


async def test_a_document(far: Bus, wire: NatsProxy, bus: Bus) -> None:
    stored, near = await JetStreamKnowledgeLog.open(far), await JetStreamKnowledgeLog.open(bus)
    document = Document(name="hours", faq=(Pair("When?", "Always."),), at=AT)
    lose_acks(wire, "KNOWLEDGE")
    seq = await stored.write(PLACE, document, expected=0)
    assert (seq, wire.lost) == (1, 1)
    await near.write(PLACE, document, expected=seq)
    with pytest.raises(KnowledgeChanged):
        await stored.write(PLACE, document, expected=seq)
    await stored.close()
    await near.close()


async def test_profiles(far: Bus, wire: NatsProxy, bus: Bus) -> None:
    """A batch is stored once, or refused; also where another one with the same content came between."""
    profiles, near = await JetStreamProfileLog.open(far), await JetStreamProfileLog.open(bus)
    two = [Profile(name=name, n=1, at=AT, by="me") for name in ("bakery", "grocer")]
    lose_acks(wire, "PROFILES")
    seq = await profiles.write(two, expected=0)
    assert (seq, wire.lost) == (2, 1)
    assert [len(await profiles.history(one.name)) for one in two] == [1, 1]
    await near.write([Profile(name="bakery", n=2, at=AT)], expected=seq)
    with pytest.raises(ProfilesChanged):
        await profiles.write([Profile(name="bakery", n=2, at=AT)], expected=seq)
    await profiles.close()
    await near.close()


async def test_files_of_the_library(far: Bus, wire: NatsProxy) -> None:
    """A new file is no other one's successor, and one that was removed was there."""
    library = await JetStreamLibrary.open(far, log_bytes=LOG_BYTES, replicas=1)
    entry = Entry(name="menu", part=Part(kind="location", latitude=1.0, longitude=2.0), at=AT)
    lose_acks(wire, "KV_FILES")
    assert await library.add("shop", entry) is None
    lose_acks(wire, "KV_FILES")
    assert await library.remove("shop", "menu")
    content = b"%PDF-1.4 " + b"x" * 300_000
    lose_acks(wire, "OBJ_LIBRARY", 2)
    object_ = await library.keep(content)
    assert wire.lost == 4
    assert await library.content(object_) == content
    await library.close()


async def test_vectors_that_are_claimed(far: Bus, wire: NatsProxy) -> None:
    library = await JetStreamLibrary.open(far, log_bytes=LOG_BYTES, replicas=1)
    vectors = await JetStreamVectors.open(far)
    lose_acks(wire, "OBJ_LIBRARY")
    assert await vectors.claim("vectors:a") is not None
    assert await vectors.claim("vectors:a") is None
    await vectors.close()
    await library.close()


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("once", [False, True])
async def test_a_file_that_another_gateway_stores_after_a_lost_answer(
    far: Bus, bus: Bus, before: bool, once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second try does not describe bytes that the other gateway has taken away."""
    far_store = await MediaStore.open(far, kept=timedelta(hours=1), log_bytes=LOG_BYTES, replicas=1)
    near_store = await MediaStore.join(bus)
    content = b"word " * 1000

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    if before:
        await near_store.give_up("meta:a", "not_fetched", "no answer")
    publish, tries = far_store._publish, 0

    async def lost(subject: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        nonlocal tries
        await publish(subject, body, headers)
        if headers is not None and not tries:
            tries = 1
            await near_store.put("meta:a", pieces())
            raise LogUnavailable("the answer is lost")

    monkeypatch.setattr(far_store, "_publish", lost)
    await far_store.put("meta:a", pieces(), once=once)
    assert (tries, await near_store.read("meta:a")) == (
        0 if once and before else 1,
        b"" if once and before else content,
    )
    if tries:
        assert (await bus.jetstream().stream_info("OBJ_MEDIA")).state.messages == 2  # one piece, and its description


async def test_a_file_takes_the_place_of_a_note_of_the_same_moment(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a note that there is no file does not take the place of one."""
    store = await MediaStore.open(bus, kept=timedelta(hours=1), log_bytes=LOG_BYTES, replicas=1)
    other = await MediaStore.join(bus)
    content = b"word " * 1000

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    publish, left = store._publish, 1

    async def late(subject: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        nonlocal left
        if headers is not None and left:
            left -= 1
            if await other.find("meta:a") is None:
                await other.give_up("meta:a", "not_fetched", "")
            else:
                await other.put("meta:a", pieces())
        await publish(subject, body, headers)

    monkeypatch.setattr(store, "_publish", late)
    await store.put("meta:a", pieces())
    assert await store.read("meta:a") == content
    left = 1
    await store.give_up("meta:a", "not_fetched", "")
    assert await store.read("meta:a") == content


@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize("times", [1, TRIES])
async def test_a_file_that_is_sent(
    far: Bus, wire: NatsProxy, once: bool, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A described object has its bytes, also if the answer to its description was lost."""
    store = await MediaStore.open(far, kept=timedelta(hours=1), log_bytes=LOG_BYTES, replicas=1)
    content = b"word " * 1000
    monkeypatch.setattr(store, "_js", far.jetstream(prefix=far.api_prefix, timeout=0.3))

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    # The first message is the one piece, the others are the description.
    lose_acks(wire, "OBJ_MEDIA", times, but=1)
    if times < TRIES:
        assert (await store.put("sent:a", pieces(), once=once)).size == len(content)
    else:
        with pytest.raises(WriteUnknown):
            await store.put("sent:a", pieces(), once=once)
    assert wire.lost == times
    assert await store.read("sent:a") == content
    assert (await store.put("sent:a", pieces(), once=True)).size == len(content)
