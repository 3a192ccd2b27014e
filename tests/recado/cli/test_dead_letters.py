"""`recado dead-letters`: seen and tried again with nothing but NATS_URL."""

from __future__ import annotations

import json

import pytest

from events.decisions import Ignored
from events.inbound import Control, Edit, Inbound, Message
from events.jetstream.log import JetStreamLog
from events.log import RawMessage
from tests.recado.command import Command
from tests.recado.instance import ANA, AT, BIA, decide

SHOP = ANA._replace(account="shop")


async def set_aside(log: JetStreamLog, event: Inbound, *, type_: str = "in") -> RawMessage:
    """The event as an instance leaves it that broke on it: ended, and a dead letter."""
    stored = await log.publish(ANA, event, msg_id=f"{type_}:{ANA.account}:{ANA.chat}:{event.id}")
    raw = await log.read(stored.seq)
    assert raw is not None
    await bury(log, raw)
    by_order = isinstance(event, Control)
    messages = () if by_order else (event.id if isinstance(event, Message) else f"seq:{raw.seq}",)
    await decide(log, Ignored(messages=messages, reason="broken", at=AT, cause=event.id if by_order else None))
    return raw


async def bury(log: JetStreamLog, raw: RawMessage) -> None:
    await log.bury(ANA.account, raw.body, reason="broken", msg_id=f"dlq:{raw.seq}", chat=ANA.chat, seq=raw.seq)


async def test_letters_are_listed(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """All, or one account's; a person is shown as in other commands, and nothing in a letter reaches the terminal."""
    await jetstream_log.bury("local", b"{", reason="no \x1b[31mJSON", msg_id="webhook:1")
    await jetstream_log.bury("shop", b"\xff", reason="unreadable", msg_id="dlq:9", chat=BIA.chat, seq=9)
    heading, first, second = (await on_bus("dead-letters")).out.splitlines()
    assert heading.split() == ["ID", "KEPT", "ACCOUNT", "CHAT", "EVENT", "BYTES", "REASON"]
    assert first.split()[0] == "1"
    assert first.split()[3:] == ["local", "-", "-", "1", "no", "[31mJSON"]
    assert second.split()[3:] == ["shop", "5511999990002", "9", "1", "unreadable"]
    (only,) = (await on_bus("dead-letters", "--account", "shop", "--json")).document
    assert only["chat"] == BIA.chat
    assert (only["id"], only["account"], only["seq"], only["size"]) == (2, "shop", 9, 1)
    assert "body" not in only


async def test_there_are_none(on_bus: Command) -> None:
    assert (await on_bus("dead-letters", "--json")).document == []
    done = await on_bus("dead-letters", "show", "1")
    assert (done.code, done.out) == (1, "")
    assert "there is no dead letter 1" in done.err


@pytest.mark.parametrize("body", [b'{"id": "x\x1b[2J"}', b"\xff\x00\x1b", "grüße\n".encode(), b""])
async def test_one_is_shown_whole(on_bus: Command, jetstream_log: JetStreamLog, body: bytes) -> None:
    """To a terminal nothing that it would obey; to a program the very bytes."""
    await jetstream_log.bury("local", body, reason="unreadable", msg_id="1")
    shown = (await on_bus("dead-letters", "show", "1")).out
    assert "\x1b" not in shown
    assert "\x00" not in shown
    document = (await on_bus("dead-letters", "show", "1", "--json")).document
    is_text = "body" in document
    assert is_text == (body != b"\xff\x00\x1b")
    assert not is_text or document["body"].encode() == body


async def test_one_is_tried_again(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """Under its id and the number of the try, as sent now; stored, and no word of more."""
    await set_aside(jetstream_log, Message(id="m1", text="hello", at=AT))
    done = await on_bus("dead-letters", "retry", "1")
    assert done.code == 0
    assert "Stored again as m1~1, event 3 of the log in the chat 5511999990001." in done.out
    assert "up to the instances" in done.out
    again = await jetstream_log.read(3)
    assert again is not None
    assert json.loads(again.body) == {"id": "m1~1", "text": "hello"}
    assert again.headers["Nats-Msg-Id"] == f"in:local:{ANA.chat}:m1~1"
    # Once more, after that one broke too, by a reader of JSON.
    document = (await on_bus("dead-letters", "retry", "1", "--json")).document
    assert document == {
        "letter": 1, "account": "local", "chat": ANA.chat, "type": "in", "id": "m1~2", "seq": 4, "duplicate": False,
    }  # fmt: skip


async def test_an_order_and_an_edit(on_bus: Command, jetstream_log: JetStreamLog) -> None:
    """They are tried again as events of their own kinds."""
    await set_aside(jetstream_log, Control(id="c1", command="resume"), type_="control")
    await set_aside(jetstream_log, Edit(id="e1", of="m1", text="now"), type_="edit")
    for letter, expected in (("1", "c1~1"), ("2", "e1~1")):
        assert (await on_bus("dead-letters", "retry", letter, "--json")).document["id"] == expected
    types = [event["type"] for event in (await on_bus("events", "--json")).document]
    assert types == ["control", "ignored", "edit", "ignored", "control", "edit"]
