"""What every log keeps of any bytes, and how much it takes."""

from __future__ import annotations

import asyncio

import pytest

from events.inbound import Message
from events.log import EventLog, EventTooLarge, LogFull
from events.recorded import Unreadable
from events.subjects import ChatKey, chat_filter, inbound_subject
from tests.events.every_log import MakeLog, Put, kind, log, make_log, put
from tests.events.given import ANA, ignored, message, read_to_head, reply, take

__all__ = ["kind", "log", "make_log", "put"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "unreadable"),
        (b"\xff\xfe{", "unreadable"),
        (b'{"id": 5}', "unreadable"),
        (b'{"id": "m1"}', "unreadable"),
        (b'{"id": "", "text": "x"}', "unreadable"),
        (b'{"id": "m1", "text": "x", "chat": "5511999990002@s.whatsapp.net"}', "other_chat"),
    ],
)
async def test_bytes_that_are_no_event_are_still_in_the_log(log: EventLog, put: Put, body: bytes, reason: str) -> None:
    """Given bytes that are no event, when they are followed, then they come as unreadable, and the rest after."""
    await put(inbound_subject(ANA, "in"), body)
    await log.publish(ANA, message("m2"), msg_id="in:m2")
    unreadable, readable = await take(log, 2)
    assert isinstance(unreadable.event, Unreadable)
    assert (unreadable.event.reason, unreadable.key, unreadable.msg_id) == (reason, ANA, "")
    assert readable.event == message("m2")
    raw = await log.read(unreadable.seq)
    assert raw is not None
    assert raw.body == body


async def test_a_subject_that_names_no_chat_is_unreadable(log: EventLog, put: Put) -> None:
    """Given a message to a chat that cannot be, when it is followed, then it says so and its body is kept."""
    await put("wa.in.local.nobody", b'{"id": "m1", "text": "x"}')
    (recorded,) = await take(log, 1)
    assert isinstance(recorded.event, Unreadable)
    assert (recorded.event.reason, recorded.key) == ("malformed_chat", ChatKey("local", "nobody"))


async def test_a_subject_with_a_wildcard_in_it_harms_no_other(log: EventLog, put: Put) -> None:
    """Given a message published to `wa.in.<account>.*`, then it is unreadable, and has a place for decisions."""
    await put(f"wa.in.{ANA.account}.*", b'{"id": "m1", "text": "x"}')
    await log.append(ANA, ignored("m0"), expected=0, msg_id="inc:1")
    recorded, _ = await take(log, 2)
    assert isinstance(recorded.event, Unreadable)
    assert (recorded.key, recorded.side, recorded.event.reason) == (ChatKey(ANA.account, "*"), "i", "malformed_chat")
    await log.append(recorded.key, ignored("seq:1"), expected=0, msg_id="inc:2")


@pytest.mark.parametrize("account", ["local", "5511 300", "loja.são-paulo", "a=b", "*", ">", "=2E", "=a.b"])
async def test_any_account_name_comes_back(log: EventLog, account: str) -> None:
    """Given an account of any name, when its chat's events are followed, then they are this very chat's."""
    key = ChatKey(account, ANA.chat)
    await log.publish(key, message("m1"), msg_id="in:1")
    first = await log.append(key, ignored("m1"), expected=0, msg_id="inc:1")
    assert [event.key for event in await take(log, 2, subject=chat_filter(key))] == [key, key]
    assert (await log.last_decision(key)).seq == first.seq  # type: ignore[union-attr]


async def test_a_long_message_fits(log: EventLog) -> None:
    """Given 900 KB of text, when it is published, then it comes back whole."""
    text = "ã" * 450_000
    await log.publish(ANA, message("m1", text), msg_id="in:1")
    (recorded,) = await take(log, 1)
    assert recorded.event == Message(id="m1", text=text)


async def test_an_event_over_the_limit_is_refused_before_it_is_sent(log: EventLog) -> None:
    """Given an event larger than the server takes, then the error says both sizes, and the log goes on."""
    with pytest.raises(EventTooLarge) as caught:
        await log.publish(ANA, message("m1", "x" * 1_100_000), msg_id="in:1")
    assert caught.value.size > caught.value.limit > 0
    with pytest.raises(EventTooLarge):
        await log.append(ANA, reply(ANA, "r1", "x" * 1_100_000), expected=0, msg_id="inc:1")
    await log.publish(ANA, message("m2"), msg_id="in:2")
    assert [event.msg_id for event in await read_to_head(log)] == ["in:2"]


async def test_a_full_log_says_so_and_keeps_what_it_has(make_log: MakeLog) -> None:
    """Given a log of 50 KB, when it is full, then appending and publishing say so, and reading goes on."""
    log = await make_log(limit=50_000)
    outcomes = await asyncio.gather(
        *(log.publish(ANA, message(f"m{n}", "x" * 5000), msg_id=f"in:{n}") for n in range(20)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert refused
    assert {type(outcome) for outcome in refused} == {LogFull}
    with pytest.raises(LogFull):
        await log.append(ANA, reply(ANA, "r1", "x" * 5000), expected=0, msg_id="inc:1")
    head = await log.head()
    assert head.limit == 50_000
    assert 30_000 < head.size <= head.limit
    assert len(await read_to_head(log)) == len(outcomes) - len(refused)
