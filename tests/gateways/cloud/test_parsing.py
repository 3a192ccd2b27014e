"""From Meta's JSON to events: every kind of message and status, and what is neither."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from events.inbound import Edit, Media, Message, Receipt, ReceiptError, Revoke
from events.subjects import ChatKey
from gateways.cloud.lines import unserved
from gateways.cloud.parsing import Parser
from gateways.cloud.tracker import Tracker, TrackerTooLong, read, written
from gateways.cloud.updates import Arrived, Notice, Unread, Unserved, Update
from tests.doubles.graph_webhooks import (
    ANA,
    BSUID,
    body,
    change,
    contact,
    fault,
    message,
    messages,
    one_number,
    status,
    statuses,
)

KEY = ChatKey("shop", f"{ANA}@s.whatsapp.net")
AT = datetime.fromtimestamp(1_790_000_000, UTC)


def parse(raw: bytes, template: str | None = None) -> list[Update]:
    return Parser(one_number(), template).parse(raw)


def one(raw: bytes, template: str | None = None) -> Update:
    (update,) = parse(raw, template)
    return update


def arrived(raw: bytes, template: str | None = None) -> tuple[ChatKey, Any]:
    update = one(raw, template)
    assert isinstance(update, Arrived), update
    return update.key, update.event


def said(type_: str, **fields: Any) -> Message:
    """What a message of this type becomes, without its id, its time and who wrote it."""
    key, event = arrived(messages(message("wamid.1", type_, **fields)))
    assert key == KEY
    assert (event.id, event.at, event.name) == ("wamid.1", AT, "Ana Lima")
    return Message(
        id="-",
        kind=event.kind,
        text=event.text,
        media=event.media,
        quoted=event.quoted,
        unsupported=event.unsupported,
        unsupported_code=event.unsupported_code,
    )


def test_text() -> None:
    assert said("text", text={"body": "olá"}) == Message(id="-", text="olá")


def test_a_reply_to_a_message() -> None:
    """The quoted message is named."""
    context = {"from": "15550783881", "id": "wamid.0"}
    assert said("text", text={"body": "that one"}, context=context) == Message(
        id="-", text="that one", quoted="wamid.0"
    )


@pytest.mark.parametrize("type_", ["image", "video", "document", "audio", "sticker"])
def test_media_wait_to_be_fetched(type_: str) -> None:
    """Everything that the webhook says of the file stands in `media`, and Meta's id behind `meta:`."""
    file = {"id": "2754859441498128", "mime_type": "a/b", "sha256": "81d3", "filename": "menu.pdf", "caption": "menu"}
    media = Media(object="meta:2754859441498128", mime="a/b", sha256="81d3", filename="menu.pdf")
    assert said(type_, **{type_: file}) == Message(id="-", kind=type_, text="menu", media=media)


def test_a_voice_note() -> None:
    file = {"id": "7", "mime_type": "audio/ogg; codecs=opus", "voice": True}
    media = Media(object="meta:7", mime="audio/ogg; codecs=opus", voice=True)
    assert said("audio", audio=file) == Message(id="-", kind="audio", media=media)


@pytest.mark.parametrize(
    ("type_", "fields", "text"),
    [
        ("button", {"button": {"payload": "yes", "text": "Yes, please"}}, "Yes, please"),
        ("interactive", {"interactive": {"type": "button_reply", "button_reply": {"id": "1", "title": "Yes"}}}, "Yes"),
        (
            "interactive",
            {"interactive": {"type": "list_reply", "list_reply": {"id": "1", "title": "Rye", "description": "1 kg"}}},
            "Rye (1 kg)",
        ),
        (
            "interactive",
            {"interactive": {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": '{"day": "Monday"}'}}},
            "day: Monday",
        ),
    ],
)
def test_choices(type_: str, fields: dict[str, Any], text: str) -> None:
    """Buttons, lists and forms count as buttons, with the words that the person saw."""
    assert said(type_, **fields) == Message(id="-", kind="button", text=text)


@pytest.mark.parametrize(("reaction", "text"), [({"emoji": "👍"}, "👍"), ({}, "")])
def test_a_reaction(reaction: dict[str, str], text: str) -> None:
    """It quotes what it is about; taken back, it has no emoji."""
    expected = Message(id="-", kind="reaction", text=text, quoted="wamid.0")
    assert said("reaction", reaction={"message_id": "wamid.0", **reaction}) == expected


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({"latitude": -30.03, "longitude": 5, "name": "Bar", "address": "Rua 1"}, "Location: Bar, Rua 1 (-30.03, 5)"),
        ({"latitude": 1, "longitude": 2.5}, "Location: 1, 2.5"),
        ({"name": "Bakery"}, "Location: Bakery"),
    ],
)  # fmt: skip
def test_a_location(place: dict[str, Any], text: str) -> None:
    assert said("location", location=place) == Message(id="-", kind="location", text=text)


def test_contacts() -> None:
    """Each one is a line."""
    cards = [
        {"name": {"formatted_name": "Tom"}, "phones": [{"phone": "+44 7700 900123", "wa_id": "447700900123"}]},
        {"emails": [{"email": "mei@example.org"}]},
    ]
    text = "Contact: Tom, +44 7700 900123\nContact: somebody, mei@example.org"
    assert said("contacts", contacts=cards) == Message(id="-", kind="contact", text=text)


def test_an_order() -> None:
    """It is a text that can be answered."""
    items = [{"product_retailer_id": "rye-1kg", "quantity": 2, "item_price": 4.2, "currency": "EUR"}]
    order = {"catalog_id": "1", "text": "for Saturday", "product_items": items}
    assert said("order", order=order) == Message(id="-", text="Order:\n- 2 × rye-1kg at 4.2 EUR\nfor Saturday")


@pytest.mark.parametrize("type_", ["unsupported", "poll", "hologram", ""])
def test_content_that_whatsapp_withholds(type_: str) -> None:
    """It is a message all the same: it has a kind that is ignored by name."""
    assert said(type_, errors=[fault(131051)]) == Message(
        id="-", kind="unsupported", unsupported=type_, unsupported_code=131051
    )


@pytest.mark.parametrize("inner", ["poll_creation", "edit", "a type of tomorrow"])
def test_the_type_of_what_is_not_passed_on(inner: str) -> None:
    said_ = said("unsupported", unsupported={"type": inner}, errors=[fault(131051)])
    assert (said_.unsupported, said_.unsupported_code) == (inner, 131051)


def test_an_edit_and_a_deletion() -> None:
    edit = {"original_message_id": "wamid.0", "message": {"type": "text", "text": {"body": "at 8, not 7"}}}
    assert arrived(messages(message("wamid.1", "edit", edit=edit))) == (
        KEY,
        Edit(id="wamid.1", of="wamid.0", text="at 8, not 7", at=AT),
    )
    revoke = {"original_message_id": "wamid.0"}
    assert arrived(messages(message("wamid.2", "revoke", revoke=revoke))) == (
        KEY,
        Revoke(id="wamid.2", of="wamid.0", at=AT),
    )


def test_a_person_without_a_phone_number() -> None:
    """Who hides it is known by the BSUID; it may stand in the message or beside it."""
    chat = ChatKey("shop", f"{BSUID}@bsuid")
    hidden = contact(None, "Mei", BSUID)
    inside = message("wamid.1", sender=None, from_user_id=BSUID, text={"body": "hi"})
    for written_ in (inside, message("wamid.1", sender=None, text={"body": "hi"})):
        key, event = arrived(messages(written_, contacts=[hidden]))
        assert (key, event.name, event.aliases) == (chat, "Mei", ())


def test_a_person_with_both() -> None:
    """The number names the chat, the BSUID is an alias."""
    key, event = arrived(messages(message("wamid.1"), contacts=[contact(ANA, "Ana", BSUID)]))
    assert (key, event.aliases, event.sender) == (KEY, (f"{BSUID}@bsuid",), None)


def test_a_group() -> None:
    """The chat is the group's, the sender is who wrote."""
    group = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0"
    key, event = arrived(messages(message("wamid.1", group_id=group, text={"body": "hi all"})))
    assert key == ChatKey("shop", f"{group}@g.us")
    assert (event.sender, event.group) == (KEY.chat, True)


def test_words_by_the_owners_hand() -> None:
    """An echo stands in the person's chat, marked as the owner's."""
    echo = message("wamid.1", sender="15550783881", to=ANA, text={"body": "I am looking into it"})
    key, event = arrived(body(change("smb_message_echoes", message_echoes=[echo])))
    assert (key, event.from_me, event.text) == (KEY, True, "I am looking into it")


def test_a_batch_keeps_its_order() -> None:
    """Every entry, change, message and status; 1,000 of them."""
    tracker = written(Tracker(KEY.chat, "t1.r"))
    changes = [
        change(
            messages=[message(f"wamid.{n}.{m}") for m in range(49)], statuses=[status(f"wamid.s{n}", "sent", tracker)]
        )
        for n in range(20)
    ]
    raw = json.dumps({"object": "x", "entry": [{"id": "1", "changes": changes[:7]}, {"changes": changes[7:]}]}).encode()
    updates = parse(raw)
    assert len(updates) == 1000
    ids = [update.event.id for update in updates if isinstance(update, Arrived)]
    assert ids == [name for n in range(20) for name in [*(f"wamid.{n}.{m}" for m in range(49)), f"wamid.s{n}"]]


@pytest.mark.parametrize(
    ("state", "expected"),
    [("sent", "sent"), ("delivered", "delivered"), ("read", "read"), ("played", "read"), ("accepted", "accepted")],
)
def test_a_status_is_a_receipt_of_the_reply(state: str, expected: str) -> None:
    """The tracker names chat, reply and part; the provider's id and time come along."""
    raw = statuses(status("wamid.9", state, written(Tracker(KEY.chat, "t1.r", 2, 3)), at=1_790_000_000))
    assert arrived(raw) == (
        KEY,
        Receipt(id="wamid.9", reply="t1.r", state=expected, provider_id="wamid.9", at=AT, part=2, parts=3),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("template", "instead"), [(None, None), ("hello:en", "hello:en")])
def test_a_late_failure(template: str | None, instead: str | None) -> None:
    """The class says what it means; a reply that came too late makes the template pending, if there is one."""
    raw = statuses(status("wamid.9", "failed", written(Tracker(KEY.chat, "t1.r")), errors=[fault(131047)]))
    _key, event = arrived(raw, template)
    do = "name an approved template in RECADO_WINDOW_TEMPLATE, which then goes out in its stead"
    assert event.error == ReceiptError(code=131047, class_="window_closed", detail="what it means", do=do)
    assert (event.instead, event.template) == (instead, None)


def test_a_failure_without_a_code_stops_no_number() -> None:
    """Code 0 is Meta's, for a token that is not accepted; no code is not code 0."""
    raw = statuses(status("wamid.9", "failed", written(Tracker(KEY.chat, "t1.r")), errors=[{}]))
    _, receipt = arrived(raw)
    assert (receipt.error.class_, receipt.error.code) == ("unknown", None)


def test_a_template_that_fails_is_not_owed_again() -> None:
    raw = statuses(
        status("wamid.9", "failed", written(Tracker(KEY.chat, "t1.r", template="hello:en")), errors=[fault(131047)])
    )
    _key, event = arrived(raw, "hello:en")
    assert (event.instead, event.template) == (None, "hello:en")


@pytest.mark.parametrize("tracker", [None, "", "somebody else's", "[]", '["recado1"]', '{"v":1}'])
def test_a_status_of_another_programs_message(tracker: str | None) -> None:
    """It is counted, and belongs to no reply."""
    assert one(statuses(status("wamid.9", "sent", tracker))) == Notice("other_status", {"status": "sent"}, "shop")


def test_a_status_that_means_nothing_to_a_reply() -> None:
    raw = statuses(status("wamid.9", "deleted", written(Tracker(KEY.chat, "t1.r"))))
    assert one(raw) == Notice("other_status", {"status": "deleted"}, "shop")


def test_news_of_the_account() -> None:
    """Whatever Meta says of the account, of a person's identity or of itself is named, and never a message."""
    system = message("wamid.1", "system", system={"type": "customer_identity_changed", "wa_id": "1"})
    assert one(messages(system)) == Notice("system", {"type": "customer_identity_changed"}, "shop")
    assert one(body(change(errors=[fault(130429)]))) == Notice(
        "account_error", {"code": 130429, "detail": "what it means"}, "shop"
    )


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'{"entry": 7}', b"\xff", b'{"entry": [{"changes": 1}]}', b"[" * 100_000]
)
def test_bytes_that_are_no_webhook(raw: bytes) -> None:
    """The whole body is kept."""
    update = one(raw)
    assert isinstance(update, Unread)
    assert update.raw == raw


def test_one_bad_message_spoils_no_other() -> None:
    """It is kept as it came, with what is wrong with it; the others are messages."""
    bad: list[dict[str, Any]] = [
        {"id": 7},
        {"id": "wamid.x", "from": "not a number", "type": "text", "text": {"body": "x"}},
        {"id": "wamid.x", "type": "text", "text": {"body": "from nobody"}},
        {"id": "", "from": ANA, "type": "text", "text": {"body": "without a name"}},
        {"id": "x" * 300, "from": ANA, "type": "text", "text": {"body": "with a long name"}},
        {"id": "wamid.x", "from": ANA, "type": "revoke", "revoke": {}},
        {"id": "wamid.x", "from": ANA, "type": "text", "text": 7},
    ]
    updates = parse(messages(message("wamid.1"), *bad, message("wamid.2")))
    assert [update.event.id for update in updates if isinstance(update, Arrived)] == ["wamid.1", "wamid.2"]
    kept = [json.loads(update.raw) for update in updates if isinstance(update, Unread)]
    assert kept == bad


def test_a_message_for_another_number_is_kept() -> None:
    """Several numbers of one app have one webhook; this gateway has one of them."""
    update = one(messages(message("wamid.1"), phone_number_id="999"))
    assert isinstance(update, Unserved)
    assert update == Unserved(update.raw, unserved("999"), number="999")


@pytest.mark.parametrize("at", ["", "soon", "99999999999999999999", -1])
def test_a_time_that_is_none(at: Any) -> None:
    """The server's time stands in for it."""
    raw = messages({"id": "wamid.1", "from": ANA, "timestamp": at, "type": "text", "text": {"body": "x"}})
    _key, event = arrived(raw)
    assert event.at is None or event.at.year == 1969


def test_a_tracker_that_is_too_long() -> None:
    """WhatsApp takes 512 characters; what is longer is refused before anything is sent."""
    assert read(written(Tracker(KEY.chat, "r" * 440, 1, 2))) == Tracker(KEY.chat, "r" * 440, 1, 2)
    with pytest.raises(TrackerTooLong, match="takes 512"):
        written(Tracker(KEY.chat, "r" * 512))
