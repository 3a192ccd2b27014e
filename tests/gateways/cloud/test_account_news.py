"""News of the account, and what people do beside writing: kept, counted, silent, and no reason to refuse a webhook."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from chat.arrival import is_silent
from events.account_update import LARGEST, AccountUpdate, decoded, encoded, newest, paused
from events.inbound import Message
from events.log import EventLog, LogUnavailable
from events.memory_log import MemoryLog
from gateways.cloud import circuit_breaker
from gateways.cloud import sender as sender_module
from gateways.cloud.account_news import shortened
from gateways.cloud.fields import FIELDS
from gateways.cloud.parsing import Parser
from gateways.cloud.updates import Arrived, News, Notice, Unread
from tests.doubles.graph_server import GraphDouble
from tests.doubles.graph_webhooks import (
    ANA,
    BSUID,
    PHONE_NUMBER_ID,
    body,
    change,
    contact,
    news,
    one_number,
    status,
    statuses,
)
from tests.gateways.cloud.gateway import cloud_gateway
from tests.gateways.cloud.hostile import json_values
from tests.gateways.cloud.said import say, until_step
from tests.gateways.cloud.test_webhook import post
from tests.gateways.replies import events
from tests.waiting import until

QUALITY = {"display_phone_number": "15550783881", "event": "FLAGGED", "current_limit": "TIER_10K"}
DOCS = Path(__file__).parents[3] / "docs" / "whatsapp.md"


def parse(raw: bytes) -> list[Any]:
    return Parser(one_number()).parse(raw)


def counted(field: str) -> float:
    return REGISTRY.get_sample_value("recado_account_updates_total", {"field": field}) or 0.0


@pytest.mark.parametrize("field", [name for name, use in FIELDS.items() if use == "news of the account"])
async def test_news_is_logged_counted_and_kept(field: str) -> None:
    log, before = MemoryLog(), counted(field)
    with capture_logs() as logs:
        assert await post(log, news(field, **QUALITY)) == 200
    ((account, update),) = await log.notes()
    assert (account, update.field, update.at) == ("shop", field, datetime.fromtimestamp(1_790_000_000, UTC))
    assert update.value == QUALITY | {"display_phone_number": "15…881"}
    assert counted(field) == before + 1
    (line,) = [entry for entry in logs if entry["event"] == "account_update"]
    assert (line["field"], "FLAGGED" in line["value"], "15550783881" in line["value"]) == (field, True, False)


async def test_the_same_delivery_twice_is_kept_once() -> None:
    """The next news of the same words is another one, since its time is."""
    log = MemoryLog()
    for raw in (news("security", event="PIN_CHANGED"), news("security", event="PIN_CHANGED")):
        assert await post(log, raw) == 200
    assert len(await log.notes()) == 1
    assert await post(log, news("security", event="PIN_CHANGED", time=1_790_000_001)) == 200
    assert len(await log.notes()) == 2


async def test_a_field_in_no_list_is_kept_without_people() -> None:
    """Whatever Meta adds one day: neither a number nor a word of a person goes into a store that erasing leaves."""
    log, before = MemoryLog(), counted("other")
    said: dict[str, Any] = {
        "state": "NEW", "wa_id": ANA, "id_of": f"x {ANA} y", "call": "+1 (202) 555-0143", "n": int(ANA),
        "contacts": [{"wa_id": ANA}], "history": [{"text": "a secret"}], "deep": {"text": {"body": "a secret"}},
        "timestamp": 1_790_000_000,
    }  # fmt: skip
    assert await post(log, news("smb_app_state_sync", **said)) == 200
    ((_, update),) = await log.notes()
    kept = json.dumps(update.value, ensure_ascii=False)
    assert (update.field, counted("other")) == ("smb_app_state_sync", before + 1)
    assert update.value["state"] == "NEW"
    assert not re.search(r"\d{7}", kept.replace("1790000000", ""))
    assert "secret" not in kept
    assert "0143" not in kept


class Silent(MemoryLog):
    """A log whose bus keeps no news."""

    async def note(self, account: str, update: AccountUpdate) -> None:
        raise LogUnavailable("no stream takes this subject now")


async def test_news_that_cannot_be_kept_fails_no_webhook() -> None:
    log = Silent()
    with capture_logs() as logs:
        assert await post(log, news("account_update", event="DISABLED_UPDATE")) == 200
    assert [entry["event"] for entry in logs] == ["account_update", "account_update_not_kept"]


@given(json_values, json_values, json_values)
def test_news_of_any_form(value: Any, entry: Any, time: Any) -> None:
    """It never raises, and what is kept can be read again."""
    changes = [{"field": "account_update", "value": value}, {"field": "of 2027", "value": value}]
    raw = json.dumps({"object": "x", "entry": [{"id": entry, "time": time, "changes": changes}]}).encode()
    for found in parse(raw):
        assert isinstance(found, News)
        assert decoded(encoded(found.update)) is not None
        assert len(encoded(found.update)) <= LARGEST


def test_numbers_are_shortened_where_they_stand() -> None:
    assert shortened(
        {"phone_number": ["+55 11 98765-4321", 5511987654321], "phone_number_id": "106540352242922"}, everywhere=False
    ) == {"phone_number": ["55…321", "55…321"], "phone_number_id": "106540352242922"}
    nested: Any = "x"
    for _ in range(500):
        nested = {"a": nested}
    assert "…" in json.dumps(shortened(nested, everywhere=True), ensure_ascii=False)


def test_the_page_subscribes_the_fields_of_the_table() -> None:
    """Step 7 of docs/whatsapp.md, and the table below it."""
    page = DOCS.read_text()
    step = page[page.index("7. Under *WhatsApp > Configuration*") : page.index("8. Write to the number")]
    assert sorted(set(re.findall(r"`([a-z_]+)`", step)) - {"webhook_verified"}) == sorted(FIELDS)


def preferences(**fields: Any) -> bytes:
    one = {"wa_id": ANA, "detail": "User requested to stop marketing messages", "category": "marketing_messages",
           "value": "stop", "timestamp": 1_731_705_721}  # fmt: skip
    return body(change("user_preferences", contacts=[contact()], user_preferences=[one | fields]))


def calls(**fields: Any) -> bytes:
    one = {"id": "wacid.1", "from": ANA, "to": "15550783881", "event": "terminate", "direction": "USER_INITIATED",
           "timestamp": "1760681533", "status": "FAILED", "duration": 0}  # fmt: skip
    return body(change("calls", contacts=[contact()], calls=[one | fields]))


def payments(**fields: Any) -> bytes:
    said = status("wamid.9", "captured", None, type="payment", payment={"reference_id": "order-7"})
    return statuses(said | fields)


@pytest.mark.parametrize(
    ("raw", "kind", "text"),
    [
        (preferences(), "system", "Wants no more marketing messages"),
        (preferences(value="resume"), "system", "Wants marketing messages again"),
        (preferences(value="later", category="tips"), "system", "Preference tips: later"),
        (calls(), "call", "Missed call"),
        (calls(status="REJECTED", duration=None), "call", "Missed call"),
        (calls(status=["Failed"]), "call", "Missed call"),
        (calls(status="COMPLETED", duration=33), "system", "Call of 33 s"),
        (payments(), "system", "Payment order-7: captured"),
        (payments(payment=None, status="failed"), "system", "Payment: failed"),
    ],
)
def test_other_deeds_of_a_person(raw: bytes, kind: str, text: str) -> None:
    """It stands in the person's chat, silently, under an id that each delivery has again."""
    (found,) = parse(raw)
    assert isinstance(found, Arrived)
    assert (found.key.account, found.key.chat) == ("shop", f"{ANA}@s.whatsapp.net")
    assert isinstance(found.event, Message)
    assert (found.event.kind, found.event.text) == (kind, text)
    assert is_silent(found.event)
    assert parse(raw)[0].event.id == found.event.id
    assert found.event.at is not None


def test_a_person_without_a_number() -> None:
    for raw in (preferences(wa_id=None, user_id=BSUID), calls(**{"from": None, "from_user_id": BSUID})):
        (found,) = parse(raw)
        assert found.key.chat == f"{BSUID}@bsuid"


@pytest.mark.parametrize("fields", [{"event": "connect"}, {"direction": "BUSINESS_INITIATED"}, {"id": ""}])
def test_other_steps_of_a_call(fields: dict[str, Any]) -> None:
    assert parse(calls(**fields)) == [Notice("other_call", account="shop")]


@pytest.mark.parametrize("raw", [preferences(wa_id=None), preferences(wa_id="x y"), calls(**{"from": None})])
def test_a_person_who_is_not_named(raw: bytes) -> None:
    """It goes into no chat, and is kept as it came."""
    (found,) = parse(raw)
    assert isinstance(found, Unread)


@given(json_values)
def test_beside_of_any_form(value: Any) -> None:
    """It never raises, and nothing of it is a word to answer."""
    said = {"id": "wamid.9", "status": "captured", "type": "payment", "recipient_id": ANA, "payment": value}
    for field, part, whole in (
        ("user_preferences", "user_preferences", {"wa_id": ANA, "value": value, "category": value}),
        ("calls", "calls", {"id": "wacid.1", "from": ANA, "duration": value, "status": value, "timestamp": value}),
        ("messages", "statuses", said | {"timestamp": value}),
    ):
        for parts in ([value], value, [whole]):
            metadata = {"phone_number_id": PHONE_NUMBER_ID}
            changes = [{"field": field, "value": {"metadata": metadata, part: parts}}]
            found = parse(json.dumps({"object": "x", "entry": [{"changes": changes}]}).encode())
            spoken = [one.event for one in found if isinstance(one, Arrived) and isinstance(one.event, Message)]
            assert all(is_silent(event) for event in spoken)
            assert len(spoken) == 1 or parts != [whole]


async def test_a_number_that_needs_a_person_is_noted(
    log: EventLog, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for the code, and once when the number sends again, also by another process."""
    monkeypatch.setattr(sender_module, "pause", lambda _class, tries: 0.02 * tries)
    monkeypatch.setattr(circuit_breaker, "pause", lambda _class, tries: 0.02 * tries)
    async with GraphDouble() as meta:
        meta.fail(code=131042, times=1_000_000)
        async with cloud_gateway(log, meta, data_dir):
            await say(log, "r1")
            await until_step(log, "r1", "sending account_stop")
            await until(lambda: len(meta.refused) > 3)
        notes = await log.notes("shop")
        assert [update.value["state"] for _, update in notes] == ["paused"]
        assert (paused(notes)["shop"].value["code"], "payment" in paused(notes)["shop"].value["do"]) == (131042, True)
        meta.heal()
        async with cloud_gateway(log, meta, data_dir):
            await until_step(log, "r1", "accepted")
    notes = await log.notes("shop")
    assert [update.value["state"] for _, update in notes] == ["paused", "resumed"]
    assert paused(notes) == {}
    assert [update.value["state"] for _, update in newest(notes)] == ["resumed"]
    assert [r for r in await events(log, "shop") if isinstance(r.event, Message)] == []
