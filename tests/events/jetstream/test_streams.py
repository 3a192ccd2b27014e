"""The streams as the server runs them: mapping, republishing, refusals, updates."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import msgspec
import nats
import nats.errors
import pytest
from nats.js.errors import APIError
from structlog.testing import capture_logs

from events.inbound import Message
from events.jetstream.api import parse_headers
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.marks import READS
from events.jetstream.streams import ensure_streams, mark_reads
from events.log import LogFull, LogMismatch
from events.subjects import ChatKey, inbound_subject, outbound_subject, parse_subject, partition, token
from tests.events.given import ANA, BIA, message, reply, take
from tests.nats_server import NatsServer
from tests.waiting import until


async def test_the_server_computes_our_partition(jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Given 500 chats of several accounts, when they are published, then each is where `partition` says."""
    names = random.Random(7)
    accounts = ("local", "5511300000000", "loja.são-paulo")
    keys = [ChatKey(names.choice(accounts), f"{names.randrange(10**12)}@s.whatsapp.net") for _ in range(500)]
    for key in keys:
        await bus.publish(inbound_subject(key, "in"), b"{}")
    await take(jetstream_log, len(keys))
    for seq, key in enumerate(keys, 1):
        stored = await jetstream_log.read(seq)
        assert stored is not None
        assert stored.subject == f"evt.{partition(key)}.{token(key.account)}.{token(key.chat)}.i.in"
        assert parse_subject(stored.subject) == (key, "i", "in")


@pytest.mark.parametrize("type_", ["in", "control", "receipt"])
async def test_no_client_can_forge_inbound_events(jetstream_log: JetStreamLog, bus: Bus, type_: str) -> None:
    """Given a publisher that writes directly to side `i` of a chat, past the mapping, then no stream takes it."""
    with pytest.raises(nats.errors.NoRespondersError):
        await bus.request(f"evt.{partition(ANA)}.{token(ANA.account)}.{token(ANA.chat)}.i.{type_}", b"{}", timeout=30)
    assert (await jetstream_log.head()).last == 0


async def test_a_client_that_knows_nothing_of_recado(jetstream_log: JetStreamLog, nats_server: NatsServer) -> None:
    """Given a plain client that publishes JSON to `wa.in`, when a reply is decided, then it hears it on `wa.out`."""
    client = await nats.connect(nats_server.url)
    answers = await client.subscribe(outbound_subject(ANA))
    ack = await client.request(inbound_subject(ANA, "in"), json.dumps({"id": "m1", "text": "olá"}).encode(), timeout=30)
    assert json.loads(ack.data) == {"stream": "EVENTS", "seq": 1}
    (received,) = await take(jetstream_log, 1)
    assert (received.key, received.event, received.msg_id) == (ANA, Message(id="m1", text="olá"), "")
    await jetstream_log.append(ANA, reply(ANA, "r1", "oi"), expected=0, msg_id="inc:1")
    answer = json.loads((await answers.next_msg(timeout=60)).data)
    assert (answer["text"], answer["in_reply_to"], answer["author"]) == ("oi", ["m1"], "assistant")
    await client.close()


async def test_only_replies_go_out(jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Given inbound messages, decisions and a reply of two chats, then `wa.out` has the reply alone."""
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def hear(message) -> None:  # type: ignore[no-untyped-def]
        heard.put_nowait(message.subject)

    await bus.subscribe("wa.out.>", cb=hear)
    await jetstream_log.publish(ANA, message("m1"), msg_id="in:1")
    await jetstream_log.append(BIA, reply(BIA, "r1"), expected=0, msg_id="inc:1")
    assert await asyncio.wait_for(heard.get(), 60) == outbound_subject(BIA)
    await bus.flush()
    assert heard.empty()


async def test_a_dead_letter_keeps_bytes_and_reason(jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Given bytes that cannot be an event, when they are buried twice, then they are kept once, with the reason."""
    for _ in range(2):
        await jetstream_log.bury("loja.sul", b"\xff\x00{", reason="malformed\nJID", msg_id="dlq:1")
    stored = await bus.jetstream().get_msg("DLQ", seq=1)
    assert (stored.subject, stored.data) == ("wa.dlq.loja=2Esul", b"\xff\x00{")
    assert stored.headers is not None
    assert (stored.headers["Nats-Msg-Id"], stored.headers["Recado-Reason"]) == ("dlq:1", "malformed%0AJID")
    assert (await bus.jetstream().stream_info("DLQ")).state.messages == 1
    assert (await jetstream_log.head()).last == 0


async def test_making_the_streams_again_changes_nothing(jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Given a log with events, when another instance opens it, then it is the same log, size and all."""
    await jetstream_log.publish(ANA, message("m1"), msg_id="in:1")
    before = await jetstream_log.head()
    other = await JetStreamLog.open(bus, max_bytes=before.limit * 2)
    after = await other.head()
    assert (after.created, after.last, after.limit) == (before.created, 1, before.limit)
    await other.close()


async def test_an_older_stream_is_brought_up_to_date(bus: Bus) -> None:
    """Given EVENTS as an earlier release may have made it, when recado starts, then it gets the missing settings."""
    config = (await ensure_streams(bus, max_bytes=10_000_000)).config
    older = {**config, "subjects": config["subjects"][:3], "allow_direct": False, "duplicate_window": 120 * 10**9}
    del older["republish"]
    await bus.request("$JS.API.STREAM.UPDATE.EVENTS", msgspec.json.encode(older), timeout=30)
    after = (await ensure_streams(bus)).config
    assert {**after, "metadata": None} == {**config, "metadata": None}


@pytest.mark.parametrize(
    ("theirs", "differs"),
    [
        ({"subjects": ["orders.>"]}, "subject_transform, subjects"),
        ({"storage": "memory"}, "storage"),
        ({"discard": "old"}, "discard"),
        ({"retention": "workqueue"}, "retention"),
        ({"max_age": 3600 * 10**9}, "max_age"),
        ({"max_msgs": 1000}, "max_msgs"),
    ],
)
async def test_a_stream_of_another_program(bus: Bus, theirs: dict[str, object], differs: str) -> None:
    """Given a stream EVENTS that is not recado's, when recado starts, then it touches nothing and says what to do."""
    config = {**(await ensure_streams(bus, max_bytes=10_000_000)).config, **theirs}
    if "subjects" in theirs:
        del config["subject_transform"], config["republish"]
    await bus.jetstream().delete_stream("EVENTS")
    answer = await bus.request("$JS.API.STREAM.CREATE.EVENTS", msgspec.json.encode(config), timeout=30)
    assert b'"error"' not in answer.data
    with pytest.raises(LogMismatch, match=f"EVENTS that is not recado's.*{differs}.*another NATS account"):
        await JetStreamLog.open(bus)
    after = await bus.request("$JS.API.STREAM.INFO.EVENTS", timeout=30)
    assert msgspec.json.decode(after.data)["config"] == msgspec.json.decode(answer.data)["config"]


@pytest.mark.parametrize("reads", ["9" * 5000, "\u00b2", "\u0661", "-1", "1e9", ""])
async def test_a_mark_that_is_no_number(bus: Bus, reads: str) -> None:
    """It is taken for a newer recado's, and left alone."""
    config = (await ensure_streams(bus, max_bytes=10_000_000)).config
    marked = {**config, "metadata": {**config.get("metadata", {}), READS: reads}}
    await bus.request("$JS.API.STREAM.UPDATE.EVENTS", msgspec.json.encode(marked), timeout=30)
    with pytest.raises(LogMismatch, match="only a newer recado reads"):
        await JetStreamLog.open(bus)
    await mark_reads(bus, 2)
    info = await bus.request("$JS.API.STREAM.INFO.EVENTS", timeout=30)
    assert msgspec.json.decode(info.data)["config"]["metadata"][READS] == reads


async def test_subjects_taken_by_another_stream(bus: Bus) -> None:
    """Given another stream on `wa.>`, when recado starts, then it says that the bus refuses, and why."""
    await bus.jetstream().add_stream(name="OTHER", subjects=["wa.>"])
    with pytest.raises(LogMismatch, match=r"refuses to create the stream EVENTS.*overlap"):
        await JetStreamLog.open(bus)


async def test_a_size_that_the_server_has_no_room_for(bus: Bus) -> None:
    """Given a server of 1 GB, when no size is asked for, then the log takes what fits; a size asked for is refused."""
    with pytest.raises(LogMismatch, match="insufficient storage"):
        await JetStreamLog.open(bus, max_bytes=2 * 1024**3)
    log = await JetStreamLog.open(bus)
    assert 10**8 < (await log.head()).limit < 10**9
    await log.close()


@pytest.mark.parametrize(
    ("room", "size"), [(0, None), (100 * 1024, None), (300 * 1024, 256 * 1024), (1024**2, 1024**2)]
)
async def test_an_older_recado_left_no_room_for_documents(room: int, size: int | None, tmp_path: Path) -> None:
    """Given an account that the other streams fill but for `room` bytes, then an instance starts: the stream of
    documents gets what is left, or the log says that there is none."""
    others = 4 * 1024**2 + 1024**2 + 256 * 1024 + 1024**2
    server = NatsServer(tmp_path, max_file_store=str(others + room))
    server.start()
    try:
        bus = await Bus.open(server.url)
        with capture_logs() as logs:
            await ensure_streams(bus, max_bytes=4 * 1024**2)
            await ensure_streams(bus, max_bytes=4 * 1024**2)
        said = [entry["event"] for entry in logs if entry["log_level"] == "warning"]
        made = {one.config.name: one.config.max_bytes for one in await bus.jetstream().streams_info()}
        assert made.get("KNOWLEDGE") == size
        assert said == (["knowledge.no_room"] * 2 if size is None else [])
        assert made["PROFILES"] == 1024**2
        await bus.close()
    finally:
        server.kill()


async def test_several_start_at_the_same_moment(nats_server: NatsServer) -> None:
    """Given an empty server with little room, when instances start at once, then they share what one of them made."""
    buses = [await Bus.open(nats_server.url) for _ in range(5)]
    logs = await asyncio.gather(*(JetStreamLog.open(bus) for bus in buses))
    assert len({(await log.head()).created for log in logs}) == 1
    for log, bus in zip(logs, buses, strict=True):
        await log.close()
        await bus.close()


async def test_a_full_log_still_buries(bus: Bus) -> None:
    """Given a log that is full, when bytes cannot be published, then they can still be kept as a dead letter."""
    log = await JetStreamLog.open(bus, max_bytes=20_000)
    with pytest.raises(LogFull):
        await log.publish(ANA, message("m1", "x" * 30_000), msg_id="in:1")
    await log.bury(ANA.account, b"x" * 30_000, reason="log_full", msg_id="dlq:1")
    assert (await bus.jetstream().stream_info("DLQ")).state.messages == 1
    await log.close()


async def test_there_is_no_consumer_left_behind(jetstream_log: JetStreamLog, bus: Bus) -> None:
    """Given readers that came and went, then the server keeps nothing of them."""
    await jetstream_log.publish(ANA, message("m1"), msg_id="in:1")
    for _ in range(3):
        await take(jetstream_log, 1)

    async def none_is_left() -> bool:
        try:
            return not await bus.jetstream().consumers_info("EVENTS")
        except APIError:  # the server says so if there is none
            return True

    await until(none_is_left)


def test_headers_as_the_server_stores_them() -> None:
    """Given the header block of a stored message, then every line is there, broken ones aside."""
    assert parse_headers(b"NATS/1.0\r\nA: b\r\nC:d: e \r\nbroken\r\n\xff: \xff\r\n\r\n") == {
        "A": "b",
        "C": "d: e",
        "\ufffd": "\ufffd",
    }
