"""Webhooks in which anything may stand anywhere."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from gateways.cloud.tracker import Tracker, written
from tests.doubles.graph_webhooks import ANA, PHONE_NUMBER_ID, change, contact, message, status

FIELDS = (
    "text", "image", "audio", "location", "contacts", "interactive", "button", "reaction", "order", "system", "edit",
    "revoke", "context", "group_id", "from", "from_user_id", "to", "id", "timestamp", "type", "errors", "sticker",
)  # fmt: skip
INNER = (
    "body", "id", "emoji", "name", "message", "message_id", "original_message_id", "nfm_reply", "list_reply",
    "latitude", "product_items", "type", "text", "phones", "caption", "voice",
)  # fmt: skip
STATUS = status("wamid.9", "sent", written(Tracker(f"{ANA}@s.whatsapp.net", "t1.r")))

texts = st.text(max_size=20) | st.sampled_from(
    ["\ud800", "\udc00x", "\ud83d\ude00", "\x00", "1" * 200, "a@b", "=2E", "wamid.1"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
flat = scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.text(max_size=8), scalars, max_size=3)
json_values = flat | st.lists(flat, max_size=3) | st.dictionaries(st.text(max_size=8), flat, max_size=3)
"""Two levels, since `st.recursive` takes most of the time of a test to draw them."""


@st.composite
def hostile_messages(draw: st.DrawFn) -> dict[str, Any]:
    """A message of which some fields hold anything at all."""
    said = message("wamid.1", draw(st.sampled_from([*FIELDS, "unsupported"])), text={"body": draw(texts)})
    for name in draw(st.lists(st.sampled_from(FIELDS), max_size=4)):
        said[name] = draw(json_values | st.dictionaries(st.sampled_from(INNER), json_values, max_size=4))
    return said


@st.composite
def _changes(draw: st.DrawFn) -> dict[str, Any]:
    whole = change(
        draw(st.sampled_from(["messages", "messages", "messages", "smb_message_echoes", "account_update"])),
        messages=draw(st.lists(hostile_messages() | json_values, max_size=3)),
        statuses=draw(st.lists(json_values | st.just(STATUS), max_size=2)),
        contacts=draw(st.lists(json_values | st.just(contact()), max_size=2)),
    )
    if draw(st.integers(0, 5)) == 0:
        whole[draw(st.sampled_from(["value", "field", "x"]))] = draw(json_values)
    if draw(st.integers(0, 5)) == 0 and isinstance(whole["value"], dict):
        whole["value"][draw(st.sampled_from(["messages", "statuses", "metadata", "x"]))] = draw(json_values)
    return whole


hostile_changes = st.lists(_changes(), max_size=3)


def updates_in(change_: dict[str, Any]) -> int:
    """How many updates a change must become: one for each message and status, or one if it is kept or named as a
    whole; those for another number are not counted."""
    value, whole = change_["value"], 1
    if change_["field"] not in ("messages", "smb_message_echoes") or not isinstance(value, dict):
        return whole
    metadata = value.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("phone_number_id") != PHONE_NUMBER_ID:
        return 0
    lists = [value.get("messages", []), value.get("statuses", [])]
    return sum(len(each) if isinstance(each, list) else 1 for each in lists)  # what is no list is kept with its change
