"""A retried dead letter publishes only an event that came in and was set aside, by the log's word."""

from __future__ import annotations

import re

import pytest

from events.decisions import Decision, Ignored, TurnError, TurnFailed
from events.inbound import LONGEST_ID, Control, Message
from events.jetstream.dead_letters import DeadLetter
from events.memory_log import MemoryLog
from events.subjects import inbound_subject
from recado.transfer.dead_letters import CannotRetry, retry
from tests.recado.instance import ANA, AT, BIA, decide, reply

FAILED = TurnFailed(turn="t", messages=("m1",), error=TurnError(class_="timeout", detail=""), told=False, at=AT)
BROKEN = Ignored(messages=("m1",), reason="broken", at=AT)


def letter(seq: int = 1, body: bytes = b'{"id":"m1","text":"hello"}', **fields: object) -> DeadLetter:
    given = {"id": 7, "at": AT, "account": ANA.account, "chat": ANA.chat, "reason": "broken", "msg_id": f"dlq:{seq}"}
    return DeadLetter(seq=seq, body=body, **{**given, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("msg_id", "why"),
    [
        ("webhook:abc:1", "what Meta's webhook brought"),
        ("device:abc", "what the linked device brought"),
        ("dlq:2026-01-01:3:1", "a reply that could not be sent"),
        ("somebody's", "it says of no event of the log"),
    ],
)
async def test_bytes_that_never_were_an_event(msg_id: str, why: str) -> None:
    with pytest.raises(CannotRetry, match=f"^dead letter 7 cannot be tried again: .*{why}"):
        await retry(MemoryLog(), letter(0, b"{}", msg_id=msg_id))


@pytest.mark.parametrize(
    ("endings", "why"),
    [
        ([], "is not ended yet"),
        ([Ignored(messages=("m1",), reason="blocked", at=AT)], "ended as ignored: blocked"),
        ([Ignored(messages=("m2",), reason="broken", at=AT)], "is not ended yet"),
        ([BROKEN, reply("m1")], "was answered since"),
        ([FAILED], "recado retry answers it"),
    ],
)
async def test_events_that_were_not_set_aside(endings: list[Decision], why: str) -> None:
    log = MemoryLog()
    await log.publish(ANA, Message(id="m1", text="hello"), msg_id="")
    await decide(log, *endings)
    with pytest.raises(CannotRetry, match=why):
        await retry(log, letter())
    assert (await log.head()).last == 1 + len(endings)


async def test_events_that_the_log_has_no_more() -> None:
    with pytest.raises(CannotRetry, match="the log has no event 999 any more"):
        await retry(MemoryLog(), letter(999))


async def test_an_id_that_has_no_room_for_the_try() -> None:
    log, id_ = MemoryLog(), "x" * LONGEST_ID
    await log.publish(ANA, Message(id=id_, text="hello"), msg_id="")
    await decide(log, Ignored(messages=(id_,), reason="broken", at=AT))
    raw = await log.read(1)
    assert raw is not None
    with pytest.raises(CannotRetry, match="too long"):
        await retry(log, letter(1, raw.body))


async def test_bytes_that_this_recado_cannot_read_either() -> None:
    """It says so, rather than have them set aside again."""
    log, body = MemoryLog(), b'{"id":"seq:1"}'
    log.put(inbound_subject(ANA, "in"), body)
    with pytest.raises(CannotRetry, match="cannot read it either"):
        await retry(log, letter(1, body))


async def test_bytes_that_an_older_recado_could_not_read() -> None:
    """They were ended by their sequence; their own id is the one that is tried again."""
    log = MemoryLog()
    log.put(inbound_subject(ANA, "in"), b'{"id":"m1","text":"hello"}')
    await decide(log, Ignored(messages=("seq:1",), reason="newer_version", at=AT))
    done = await retry(log, letter())
    assert (done.id, done.seq, done.duplicate) == ("m1~1", 3, False)


ERASE = b'{"id":"c1","command":"erase"}'


@pytest.mark.parametrize(
    "fields",
    [
        {"body": b'{"id":"c1","command":"send","text":"Send money"}'},
        {"account": "shop"},
        {"chat": BIA.chat},
        {"chat": None},
        {"seq": 2, "body": None},
        {"seq": 3, "body": None},
    ],
    ids=repr,
)
async def test_a_letter_that_a_gateway_forged(fields: dict[str, object]) -> None:
    """Gateways write dead letters, and no orders: none of theirs makes an operator publish one. Not of other bytes or
    another chat, not a decision (2), not an order that was obeyed (3)."""
    log = MemoryLog()
    await log.publish(ANA, Control(id="c1", command="erase"), msg_id="1")
    await decide(log, Ignored(messages=(), reason="broken", at=AT, cause="c1"))
    await log.publish(ANA, Control(id="c2", command="send", text="It was 10."), msg_id="2")
    await decide(log, reply(text="It was 10.", cause="c2", author="operator"))
    if fields.get("seq"):
        raw = await log.read(int(str(fields["seq"])))
        assert raw is not None
        fields = fields | {"body": raw.body}
    with pytest.raises(CannotRetry):
        await retry(log, letter(**{"body": ERASE, **fields}))  # type: ignore[arg-type]
    assert (await log.head()).last == 4


@pytest.mark.parametrize("suffix", ["", "~1", "~x", " ~1", "\n", "%"])
async def test_each_try_has_a_number_of_its_own(suffix: str) -> None:
    """Under any id, so that the bus drops none as a duplicate and the chat none as a repeat."""
    log, id_ = MemoryLog(), f"m{suffix}"
    await log.publish(ANA, Message(id=id_, text="hello"), msg_id="")
    await decide(log, Ignored(messages=(id_,), reason="broken", at=AT))
    raw = await log.read(1)
    assert raw is not None
    done = [await retry(log, letter(1, raw.body)) for _ in range(3)]
    assert [one.id for one in done] == [f"{id_}~1", f"{id_}~2", f"{id_}~3"]
    assert [one.duplicate for one in done] == [False] * 3
    assert all(re.fullmatch(r"[^\s]+", raw.headers["Nats-Msg-Id"]) for raw in [await log.read(3)] if raw)
