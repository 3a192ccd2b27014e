"""Webhooks as Meta sends them, put together and signed."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Any

from gateways.cloud.lines import Line, Lines

PHONE_NUMBER_ID = "106540352242922"
WABA = "102290129340398"
APP_SECRET = "5d41402abc4b2a76b9719d911017c592"
VERIFY_TOKEN = "verify-me-please"
ANA = "12025550143"
BSUID = "US.13491208655302741918"

Json = dict[str, Any]


def one_number(account: str = "shop") -> Lines:
    """What a gateway serves that has one number."""
    return Lines({PHONE_NUMBER_ID: Line(account)})


def signed(body: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    """The headers that go with a body."""
    signature = hmac.new(secret.encode(), body, sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"}


def value(*, phone_number_id: str = PHONE_NUMBER_ID, **fields: Any) -> Json:
    number = "15550783881" if phone_number_id == PHONE_NUMBER_ID else f"1555{phone_number_id[-7:]}"
    metadata = {"display_phone_number": number, "phone_number_id": phone_number_id}
    return {"messaging_product": "whatsapp", "metadata": metadata, **fields}


def change(field: str = "messages", **fields: Any) -> Json:
    return {"field": field, "value": value(**fields)}


def body(*changes: Json) -> bytes:
    """One POST with these changes, in one entry."""
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [{"id": WABA, "changes": list(changes)}]}, ensure_ascii=False
    ).encode()


def news(field: str, *, time: int = 1_790_000_000, **value: Any) -> bytes:
    """One POST with news of the account, which name no number's id."""
    entry = {"id": WABA, "time": time, "changes": [{"field": field, "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def contact(wa_id: str | None = ANA, name: str = "Ana Lima", user_id: str | None = None) -> Json:
    known: Json = {"profile": {"name": name}}
    return known | ({"wa_id": wa_id} if wa_id else {}) | ({"user_id": user_id} if user_id else {})


def message(id_: str, type_: str = "text", *, sender: str | None = ANA, at: int = 1_790_000_000, **fields: Any) -> Json:
    """A message; without `fields` it is a text that names its id."""
    written: Json = {"id": id_, "timestamp": str(at), "type": type_}
    if sender is not None:
        written["from"] = sender
    return written | (fields or {"text": {"body": f"text of {id_}"}})


def messages(*written: Json, contacts: list[Json] | None = None, **fields: Any) -> bytes:
    """One POST with these messages."""
    return body(change(messages=list(written), contacts=[contact()] if contacts is None else contacts, **fields))


def status(id_: str, state: str, tracker: str | None, *, at: int = 1_790_000_001, **fields: Any) -> Json:
    said: Json = {"id": id_, "status": state, "timestamp": str(at), "recipient_id": ANA}
    return said | ({"biz_opaque_callback_data": tracker} if tracker is not None else {}) | fields


def statuses(*said: Json, **fields: Any) -> bytes:
    """One POST with these statuses."""
    return body(change(statuses=list(said), **fields))


def fault(code: int, title: str = "an error", details: str = "what it means") -> Json:
    return {"code": code, "title": title, "message": title, "error_data": {"details": details}}
