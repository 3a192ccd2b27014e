"""The webhook over HTTP: what is answered, and what the log has by then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.inbound import Inbound, Message
from events.log import Appended, EventLog, LogUnavailable
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from gateways.cloud import webhook as webhook_module
from gateways.cloud.parsing import Parser
from gateways.cloud.tracker import Tracker, written
from gateways.cloud.updates import Arrived, Unread, Unserved
from gateways.cloud.webhook import Webhook
from tests.doubles.graph_webhooks import (
    ANA,
    APP_SECRET,
    VERIFY_TOKEN,
    body,
    change,
    message,
    messages,
    one_number,
    signed,
    status,
)
from tests.gateways.cloud.hostile import hostile_changes, json_values, updates_in
from tests.gateways.replies import events

KEY = ChatKey("shop", f"{ANA}@s.whatsapp.net")


@asynccontextmanager
async def client(log: EventLog) -> AsyncIterator[httpx2.AsyncClient]:
    """Meta, as it were."""
    hook = Webhook(log, "shop", Parser(one_number()), app_secret=APP_SECRET, verify_token=VERIFY_TOKEN)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(hook.app()), base_url="http://hook") as caller:
        yield caller


async def post(log: EventLog, raw: bytes, headers: dict[str, str] | None = None) -> int:
    async with client(log) as meta:
        answer = await meta.post("/webhook", content=raw, headers=signed(raw) if headers is None else headers)
        return answer.status_code


async def ids(log: EventLog) -> list[str]:
    return [recorded.event.id for recorded in await events(log, "shop") if isinstance(recorded.event, Message)]


async def test_the_address_is_verified() -> None:
    """Who knows the token gets the challenge back, as it was; who does not gets 403."""
    async with client(MemoryLog()) as meta:
        asked = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1158201444"}
        good = await meta.get("/webhook", params=asked)
        bad = await meta.get("/webhook", params=asked | {"hub.verify_token": "guessed"})
        none = await meta.get("/webhook")
    assert (good.status_code, good.text) == (200, "1158201444")
    assert (bad.status_code, none.status_code) == (403, 403)


async def test_everything_is_in_the_log_when_200_comes(log: EventLog) -> None:
    """A batch of 1,000 in its order, and the same batch again adds nothing."""
    names = [f"wamid.{n}" for n in range(1000)]
    raw = messages(*(message(name) for name in names))
    assert await post(log, raw) == 200
    assert await ids(log) == names
    assert await post(log, raw) == 200
    assert await ids(log) == names


async def test_a_status_becomes_a_receipt(log: EventLog) -> None:
    """Twice the same status is one receipt; another state is another."""
    tracker = written(Tracker(KEY.chat, "t1.r"))
    raw = body(change(statuses=[status("wamid.9", "sent", tracker), status("wamid.9", "read", tracker)]))
    assert [await post(log, raw), await post(log, raw)] == [200, 200]
    assert [(r.key, r.event.reply, r.event.state) for r in await events(log, "shop")] == [  # type: ignore[union-attr]
        (KEY, "t1.r", "sent"),
        (KEY, "t1.r", "read"),
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature-256": signed(b"another body")["X-Hub-Signature-256"]},
        signed(messages(message("wamid.1")), "another secret"),
        {"X-Hub-Signature": "sha1=whatever"},
    ],
)
async def test_a_bad_signature(headers: dict[str, str]) -> None:
    """403, and nothing is stored."""
    log = MemoryLog()
    assert await post(log, messages(message("wamid.1")), headers) == 403
    assert await ids(log) == []
    assert log.dead_letters == []


class Failing(MemoryLog):
    """A log that takes every message but one, and of that one `times` times not."""

    def __init__(self, name: str, times: int) -> None:
        super().__init__()
        self._name = name
        self._times = times

    async def publish(self, key: ChatKey, event: Inbound, *, msg_id: str) -> Appended:
        if event.id == self._name and self._times:
            self._times -= 1
            raise LogUnavailable("no acknowledgement")
        return await super().publish(key, event, msg_id=msg_id)


async def test_one_that_could_not_be_stored(log: EventLog) -> None:
    """503 for the batch; when Meta sends it again it is stored, and what was stored before is there once."""
    failing = Failing("wamid.2", 1)
    raw = messages(*(message(f"wamid.{n}") for n in range(4)))
    assert await post(failing, raw) == 503
    assert await ids(failing) == ["wamid.0", "wamid.1", "wamid.3"]
    assert await post(failing, raw) == 200
    assert sorted(await ids(failing)) == [f"wamid.{n}" for n in range(4)]


async def test_a_log_that_is_nearly_full() -> None:
    """Messages are refused until there is room; receipts have the rest to themselves."""
    log = MemoryLog(limit=10_000)
    await log.publish(KEY, Message(id="big", text="x" * 9400), msg_id="")
    tracker = written(Tracker(KEY.chat, "t1.r"))
    raw = body(change(messages=[message("wamid.1")], statuses=[status("wamid.9", "sent", tracker)]))
    assert await post(log, raw) == 503
    assert [recorded.type for recorded in (await events(log, "shop"))[1:]] == ["receipt"]


async def test_unreadable_webhooks_are_kept(log: EventLog) -> None:
    """Raw, as a dead letter with the reason, and Meta is told that it arrived: it would send the same again."""
    raw = b'{"entry": [{"changes": [{"field": "messages", "value": 7}]}]}'
    memory = MemoryLog()
    assert await post(memory, raw) == 200
    assert await post(memory, raw) == 200
    assert await post(log, raw) == 200
    (letter,) = memory.dead_letters
    assert (letter.body, letter.subject) == (b'{"field": "messages", "value": 7}', "wa.dlq.shop")
    assert letter.headers["Recado-Reason"].startswith("no%20value")


async def test_a_large_one_that_cannot_be_read(log: EventLog) -> None:
    """It is kept in pieces that the server takes."""
    raw = b"[" + b"x" * 1_200_000
    memory = MemoryLog()
    assert await post(memory, raw) == 200
    assert b"".join(letter.body for letter in memory.dead_letters) == raw
    reasons = [letter.headers["Recado-Reason"] for letter in memory.dead_letters]
    assert [reason.partition("(")[2] for reason in reasons] == [f"piece%20{n}%20of%203)" for n in (1, 2, 3)]
    assert await post(log, raw) == 200


async def test_a_message_that_is_too_large(log: EventLog) -> None:
    """The server would not take it: it is kept in pieces, and the others are stored."""
    raw = messages(message("wamid.1", text={"body": "x" * 1_500_000}), message("wamid.2"))
    assert await post(log, raw) == 200
    assert await ids(log) == ["wamid.2"]


async def test_a_body_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """413 before all of it is read."""
    monkeypatch.setattr(webhook_module, "LARGEST", 1000)
    assert await post(MemoryLog(), b"x" * 1001) == 413


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hostile_changes)
@pytest.mark.slow("Hypothesis takes most of it to make 300 batches")
def test_hostile_updates(changes: list[dict[str, Any]]) -> None:
    """Whatever stands in a batch: 200, and each update is an event in the log, a notice or a dead letter."""
    raw = json.dumps({"object": "x", "entry": [{"changes": changes}]}).encode()
    updates = Parser(one_number()).parse(raw)
    served = [update for update in updates if not isinstance(update, Unserved)]
    assert len(served) == sum(updates_in(each) for each in changes)
    log = MemoryLog()
    assert asyncio.run(post(log, raw)) == 200
    arrived = {(update.key, type(update.event), update.event.id) for update in updates if isinstance(update, Arrived)}
    recorded = asyncio.run(events(log, "shop"))
    assert {(each.key, type(each.event), each.event.id) for each in recorded} == arrived  # type: ignore[union-attr]
    unread = {update.raw for update in updates if isinstance(update, Unread)}
    assert {letter.body for letter in log.dead_letters} == unread


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | json_values.map(lambda each: json.dumps(each).encode()))
def test_hostile_bodies(raw: bytes) -> None:
    """Whatever the bytes: signed ones are answered with 200, and what is no webhook is kept as it came."""
    log = MemoryLog()
    assert asyncio.run(post(log, raw)) == 200
    updates = Parser(one_number()).parse(raw)
    assert b"".join(letter.body for letter in log.dead_letters) == b"".join(
        update.raw for update in updates if isinstance(update, Unread)
    )
    assert updates or json.loads(raw).get("entry") is not None
