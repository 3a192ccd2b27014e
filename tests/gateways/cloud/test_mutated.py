"""A fault in a field that recado does not need costs no message: each field of a webhook is spoiled in turn."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from events.inbound import Message
from gateways.cloud.parsing import Parser
from gateways.cloud.updates import Arrived
from tests.doubles.graph_webhooks import change, contact, fault, message, one_number

SAID = "the words of the message"
GONE = object()
SPOILED = (None, [], {}, 7, -1.5, True, "", "x" * 70_000, 2**70, [None], {"x": [{}]}, GONE)
BESIDE: dict[str, Any] = {
    "context": {
        "from": "15550783881", "id": "wamid.0", "forwarded": True, "frequently_forwarded": False,
        "referred_product": {"catalog_id": "1", "product_retailer_id": "rye"},
    },
    "errors": [fault(131051)],
    "referral": {"source_url": "https://example.org/ad", "source_id": "1", "source_type": "ad", "headline": "Bread"},
    "identity": {"acknowledged": True, "created_timestamp": 1, "hash": "x"},
    "edit": {"original_message_id": "wamid.0", "message": {"text": {"body": "x"}}},
    "system": {"type": "x", "body": "x"},
    "unsupported": {"type": "x"},
}  # fmt: skip
KINDS: dict[str, dict[str, Any]] = {
    "text": {"text": {"body": SAID, "preview_url": True}},
    "image": {"image": {"id": "9", "mime_type": "image/jpeg", "sha256": "x", "caption": SAID, "url": "https://x"}},
    "document": {"document": {"id": "9", "mime_type": "x/y", "sha256": "x", "caption": SAID, "filename": "a.pdf"}},
    "button": {"button": {"text": SAID, "payload": "p"}},
    "interactive": {"interactive": {"type": "button_reply", "button_reply": {"id": "b", "title": SAID}}},
    "location": {"location": {"latitude": 1.5, "longitude": 2.5, "name": SAID, "address": "x", "url": "https://x"}},
    "contacts": {
        "contacts": [{
            "name": {"formatted_name": SAID, "first_name": "x"}, "phones": [{"phone": "+1", "wa_id": "1", "type": "x"}],
            "emails": [{"email": "a@b", "type": "x"}], "org": {"company": "x"},
        }]
    },
    "order": {
        "order": {
            "catalog_id": "1", "text": SAID,
            "product_items": [{"product_retailer_id": "rye", "quantity": 2, "item_price": 4.2, "currency": "EUR"}],
        }
    },
}  # fmt: skip
NEEDED = {
    ("entry",), ("entry", 0), ("entry", 0, "changes"), ("entry", 0, "changes", 0),
    ("entry", 0, "changes", 0, "field"), ("entry", 0, "changes", 0, "value"),
    *[
        ("entry", 0, "changes", 0, "value", *rest)
        for rest in [
            ("metadata",), ("metadata", "phone_number_id"), ("messages",), ("messages", 0), ("messages", 0, "id"),
            ("messages", 0, "from"), ("messages", 0, "type"),
        ]
    ],
}  # fmt: skip
"""The way to the message, its id, its sender and its type."""


def paths(value: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*before, key)
        yield from paths(one, (*before, key))


def spoiled(webhook: Any, path: tuple[str | int, ...], value: Any) -> Any:
    whole = copy.deepcopy(webhook)
    holder = whole
    for step in path[:-1]:
        holder = holder[step]
    if value is GONE:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return whole


def holds_the_words(webhook: Any, path: tuple[str | int, ...]) -> bool:
    for step in path:
        webhook = webhook[step]
    return SAID in json.dumps(webhook)


@pytest.mark.parametrize("kind", KINDS)
def test_each_field_spoiled(kind: str) -> None:
    written = message("wamid.1", kind, **KINDS[kind], **BESIDE)
    changes = [change(messages=[written], contacts=[contact(user_id="US.1349"), contact("1", "Bo")], errors=[fault(1)])]
    webhook = {"object": "whatsapp_business_account", "entry": [{"id": "1", "time": 1, "changes": changes}]}
    tried = 0
    for path in paths(webhook):
        if path in NEEDED or holds_the_words(webhook, path):
            continue
        for value in SPOILED:
            body = json.dumps(spoiled(webhook, path, value)).encode()
            found = [one.event for one in Parser(one_number()).parse(body) if isinstance(one, Arrived)]
            assert [one.id for one in found if isinstance(one, Message) and SAID in (one.text or "")] == ["wamid.1"], (
                path, str(value)[:40],
            )  # fmt: skip
            tried += 1
    assert tried > 500


@pytest.mark.parametrize("field", ["from", "group_id", "type", "id"])
def test_a_message_that_might_be_another_persons(field: str) -> None:
    """It is kept as it came, and goes into no chat."""
    body = json.dumps({"entry": [{"changes": [change(messages=[message("wamid.1") | {field: ["x"]}])]}]}).encode()
    assert not [one for one in Parser(one_number()).parse(body) if isinstance(one, Arrived)]
