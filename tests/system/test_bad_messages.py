"""A message with any content is ended with a reason and kept, and the service goes on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.system.service import Service, fresh_chat

DEEP = b"[" * 100_000

NO_MESSAGE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{not json",
    "half of it": b'{"id": "m1", "text": "hel',
    "bytes that are no text": b'{"id": "m1", "text": "\xff\xfe"}',
    "nested for ever": DEEP,
    "nested for ever, in an object": b'{"id": "m1", "text": "hi", "quoted": ' + DEEP,
    "a list": b"[]",
    "null": b"null",
    "no id": b'{"text": "hello"}',
    "no text": b'{"id": "m1"}',
    "text null": b'{"id": "m1", "text": null}',
    "an empty id": b'{"id": "", "text": "hello"}',
    "an endless id": json.dumps({"id": "x" * 257, "text": "hello"}).encode(),
    "text a number": b'{"id": "m1", "text": 7}',
    "text an object": b'{"id": "m1", "text": {"body": "hello"}}',
}


@pytest.mark.parametrize("case", NO_MESSAGE)
async def test_bytes_that_are_no_message(service: Service, case: str) -> None:
    """Ignored as unreadable, the raw bytes kept as a dead letter."""
    key = fresh_chat()
    seq = await service.outsider.put("in", key, NO_MESSAGE[case])
    assert await service.ignored(key, f"seq:{seq}") == "unreadable"
    assert await service.dead_letter(seq) == (NO_MESSAGE[case], "unreadable")
    await service.still_answers(key)


@pytest.mark.parametrize("type_", ["edit", "revoke", "receipt", "control"])
async def test_bytes_that_are_nothing_else_either(service: Service, type_: str) -> None:
    """Not every input is a message; unreadable bytes end all the same."""
    key = fresh_chat()
    seq = await service.outsider.put(type_, key, b'{"id": "x"}')
    assert await service.ignored(key, f"seq:{seq}") == "unreadable"
    assert await service.dead_letter(seq) == (b'{"id": "x"}', "unreadable")
    await service.still_answers(key)


IGNORED: dict[str, tuple[dict[str, Any], str]] = {
    "a kind that nobody knows": ({"kind": "hologram", "text": "hello"}, "unsupported_kind"),
    "a sticker": ({"kind": "sticker"}, "unsupported_kind"),
    "a picture without its file": ({"kind": "image"}, "unsupported_kind"),
    "a picture that is not in the object store": ({"kind": "image", "media": {"object": "o1"}}, "not_fetched"),
    "an empty text": ({"text": ""}, "empty"),
    "blanks": ({"text": " \n\t "}, "empty"),
    "control characters alone": ({"text": "\x00\x07\x1b"}, "empty"),
    "what the business itself wrote": ({"text": "hello", "from_me": True}, "from_me"),
    "a day old": ({"text": "hello", "at": (datetime.now(UTC) - timedelta(hours=25)).isoformat()}, "stale"),
    "older than WhatsApp": ({"text": "hello", "at": "0001-01-01T00:00:00Z"}, "stale"),
}


@pytest.mark.parametrize("case", IGNORED)
async def test_a_message_that_gets_no_reply(service: Service, case: str) -> None:
    """It ends as ignored with its reason, which `recado why` tells."""
    fields, reason = IGNORED[case]
    key = fresh_chat()
    id_ = f"{key.chat}-bad"
    await service.outsider.put("in", key, json.dumps({"id": id_, **fields}).encode())
    assert await service.ignored(key, id_) == reason
    await service.still_answers(key)
    assert (await service.why(id_))["entry"]["reason"] == reason


ANSWERED: dict[str, tuple[dict[str, Any], str]] = {
    "control characters": ({"text": "a\x00b\x07c\x1b[31md\x7f"}, "echo: abc[31md"),
    "a line and a tab": ({"text": "one\n\ttwo"}, "echo: one\n\ttwo"),
    "from the future": ({"text": "hello", "at": "2999-01-01T00:00:00Z"}, "echo: hello"),
    "unknown fields": ({"text": "hello", "colour": "red", "nested": {"deep": [1, 2]}}, "echo: hello"),
    "emoji and right to left": ({"text": "👩‍👩‍👧 שלום 🇧🇷"}, "echo: 👩‍👩‍👧 שלום 🇧🇷"),
    "what looks like SQL": ({"text": "'; DROP TABLE chats; --"}, "echo: '; DROP TABLE chats; --"),
    "what looks like JSON": ({"text": '{"id": "m1"}\r\n'}, 'echo: {"id": "m1"}\r\n'),
    "900 KB": ({"text": "x" * 900 * 1024}, "echo: " + "x" * 900 * 1024),
}


@pytest.mark.parametrize("case", ANSWERED)
async def test_a_message_that_is_strange_and_answered(service: Service, case: str) -> None:
    """Nothing is wrong with it."""
    fields, reply = ANSWERED[case]
    key = fresh_chat()
    await service.outsider.put("in", key, json.dumps({"id": "m1", **fields}).encode())
    ending = await service.log.ended(key, "m1")
    assert ending.event.text == reply
    await service.still_answers(key)


@pytest.mark.parametrize("id_", ["seq", "a b", "x\r\ny", "Ω" * 64, "../../etc/passwd", "%", "*.>"])
async def test_a_message_with_a_strange_id(service: Service, id_: str) -> None:
    """An id is any text; a repeat of it is a repeat."""
    key = fresh_chat()
    for _ in range(2):
        await service.outsider.write(key, id_, "hello", header=False)
    ending = await service.log.ended(key, id_)
    assert ending.event.in_reply_to == (id_,)
    await service.still_answers(key)


NO_NAMES = ["", " ", "hello", "a\0b\rc\nd", "@lid", "5511999999999@g.us", "x" * 300, "status@broadcast", "1@bot"]
"""Words that name nobody."""


@pytest.mark.parametrize("case", ["each alone", "all"])
async def test_aliases_that_name_nobody(service: Service, case: str) -> None:
    """Two people whose messages bring the same ones stay two, and are answered: now, and when they write again."""
    keys = (fresh_chat(), fresh_chat())
    for key in keys:
        for number, names in enumerate([NO_NAMES] if case == "all" else [[name] for name in NO_NAMES]):
            await service.outsider.write(key, f"m{number}", "hello", aliases=names)
            assert (await service.log.ended(key, f"m{number}")).type == "reply"
    for key in keys:
        await service.still_answers(key)
        assert [recorded.event for recorded in service.of(key) if recorded.type == "control"] == []


async def test_an_id_that_begins_like_that_of_unreadable_bytes(service: Service) -> None:
    """It could name the bytes of another chat: the message ends under its own sequence, and is kept."""
    key = fresh_chat()
    body = b'{"id": "seq:1", "text": "hello"}'
    seq = await service.outsider.put("in", key, body)
    assert await service.ignored(key, f"seq:{seq}") == "malformed_id"
    assert await service.dead_letter(seq) == (body, "malformed_id")
    await service.still_answers(key)


async def test_a_reply_too_long_to_store(service: Service) -> None:
    """The message fits into the log and its reply does not: the turn fails, and the person is told."""
    key = fresh_chat()
    await service.outsider.put("in", key, json.dumps({"id": "m1", "text": "x" * 1_048_400}).encode())
    ending = await service.log.ended(key, "m1")
    assert (ending.type, ending.event.error.class_) == ("turn_failed", "malformed_answer")
    apology = await service.log.seen("reply", key=key)
    assert apology.event.about == ending.event.turn
    await service.still_answers(key)


async def test_orders_that_make_no_sense(service: Service) -> None:
    """Times without a zone cannot be read; unknown commands and senseless orders are refused with a reason."""
    key = fresh_chat()
    seq = await service.outsider.put("control", key, b'{"id": "c2", "command": "pause", "until": "2026-01-01"}')
    assert await service.ignored(key, f"seq:{seq}") == "unreadable"
    seq = await service.outsider.put("control", key, b'{"id": "c1", "command": "dance"}')
    unknown = await service.log.seen("ignored", key=key, after=seq)
    assert (unknown.event.cause, unknown.event.reason) == ("c1", "unknown_command")
    for number, (command, reason) in enumerate([("send", "empty"), ("retry", "nothing_to_retry")]):
        seq = await service.outsider.order(key, f"no{number}", command)
        refused = await service.log.seen("ignored", key=key, after=seq)
        assert (refused.event.cause, refused.event.reason) == (f"no{number}", reason)
    await service.outsider.order(key, "c3", "pause", until="2001-01-01T00:00:00Z")
    await service.log.seen("resumed", key=key)
    await service.still_answers(key)


async def test_events_about_unknown_messages(service: Service) -> None:
    """Edits, revokes and receipts of missing messages change nothing."""
    key = fresh_chat()
    await service.outsider.put("edit", key, b'{"id": "e1", "of": "never", "text": "new"}')
    await service.outsider.put("revoke", key, b'{"id": "r1", "of": "never"}')
    await service.outsider.put("receipt", key, b'{"id": "x1", "reply": "never", "state": "read"}')
    await service.still_answers(key)
