"""What comes for a number before it is served: a dead letter for each update, which a retry stores later."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given

from events.inbound import Message, Receipt
from events.jetstream.dead_letters import DeadLetter
from events.memory_log import MemoryLog
from gateways.cloud.letters import apart
from gateways.cloud.tracker import Tracker, written
from recado.settings.numbers import numbers_of
from recado.settings.settings import Settings, settings_of
from recado.transfer.dead_letters import CannotRetry, retry
from tests.doubles.graph_webhooks import BSUID, PHONE_NUMBER_ID, contact, message, messages, status, statuses
from tests.gateways.cloud.hostile import json_values
from tests.gateways.cloud.numbers import BAKERY, GIVEN, OTHER_ID, of_bakery, served
from tests.gateways.replies import events


def settings(tmp_path: Path, listed: str) -> Settings:
    return settings_of(GIVEN | {"RECADO_DATA": str(tmp_path), "WHATSAPP_NUMBERS": listed})


def letters_in(log: MemoryLog) -> list[DeadLetter]:
    return [
        DeadLetter(
            id=raw.seq,
            at=datetime.now(UTC),
            account=raw.subject.removeprefix("wa.dlq."),
            chat=None,
            reason="",
            seq=0,
            msg_id=raw.headers["Nats-Msg-Id"],
            body=raw.body,
        )
        for raw in log.dead_letters
    ]


async def test_what_came_too_early_is_stored_later(tmp_path: Path) -> None:
    """Once, under the number's account and nowhere else, with the name of its own contact."""
    log = MemoryLog()
    one = settings(tmp_path, f"{PHONE_NUMBER_ID}=shop")
    two = numbers_of(settings(tmp_path, f"{PHONE_NUMBER_ID}=shop, {OTHER_ID}=bakery"))
    written_ = [message("wamid.1"), message("wamid.2", sender="447700900123"), message("wamid.3", sender=None)]
    written_[2]["from_user_id"] = BSUID
    people = [contact(), contact("447700900123", "Tom"), contact(None, "Mei", BSUID)]
    said = status("wamid.9", "read", written(Tracker(BAKERY.chat, "r9")))
    async with served(one, log) as all_:
        assert await all_.post(of_bakery(messages, *written_, contacts=people)) == 200
        assert await all_.post(of_bakery(statuses, said)) == 200
    letters = letters_in(log)
    assert [letter.account for letter in letters] == [OTHER_ID] * 4
    for letter in letters:
        with pytest.raises(CannotRetry, match="add it to WHATSAPP_NUMBERS"):
            await retry(log, letter, numbers_of(one))
        stored, again = await retry(log, letter, two), await retry(log, letter, two)
        assert (stored.account, again.seq, again.duplicate) == ("bakery", stored.seq, True)
    found = [one.event for one in await events(log, "bakery")]
    assert [(one.id, one.name, one.at) for one in found if isinstance(one, Message)] == [
        ("wamid.1", "Ana Lima", None),
        ("wamid.2", "Tom", None),
        ("wamid.3", "Mei", None),
    ]
    assert [(one.reply, one.state) for one in found if isinstance(one, Receipt)] == [("r9", "read")]
    for forged in ("shop", "another", PHONE_NUMBER_ID):
        with pytest.raises(CannotRetry):
            await retry(log, msgspec.structs.replace(letters[0], account=forged), two)


@given(json_values)
def test_a_change_of_any_form_is_taken_apart_or_kept(value: Any) -> None:
    """Nothing is lost, and nothing raises."""
    value = json.loads(json.dumps(value))
    several: Any = {"messages": [value, value], "contacts": [value]}
    for changed in (value, several, {"contacts": value, "statuses": [value, 1], "messages": []}):
        raw = msgspec.Raw(json.dumps({"field": "messages", "value": changed}).encode())
        pieces = apart(raw, frozenset({"messages", "statuses"}))
        if len(pieces) == 1:
            assert pieces == [bytes(raw)]
            continue
        values = [json.loads(piece)["value"] for piece in pieces]
        for name in ("messages", "statuses"):
            assert [each for one in values for each in one.get(name, [])] == changed.get(name, [])


def test_thousand_updates_are_as_many_letters() -> None:
    people = [contact(str(12025550000 + n), f"person {n}") for n in range(1000)]
    body = json.loads(
        messages(*(message(f"wamid.{n}", sender=str(12025550000 + n)) for n in range(1000)), contacts=people)
    )
    raw = msgspec.Raw(json.dumps(body["entry"][0]["changes"][0]).encode())
    pieces = apart(raw, frozenset({"messages"}))
    assert (len(pieces), max(map(len, pieces)) < 1000) == (1000, True)
