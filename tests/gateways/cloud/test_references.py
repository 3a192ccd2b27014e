"""What a webhook's message refers to, and statuses without a tracker."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chat.gates import ME
from events.inbound import Message, Receipt
from events.recorded import Recorded
from events.references import Choice, Location, Product, Referral
from events.subjects import ChatKey
from gateways.cloud.known_messages import KnownMessages
from gateways.cloud.lines import Line, Lines
from gateways.cloud.parsing import Parser
from gateways.cloud.updates import Arrived, Notice
from tests.doubles.graph_webhooks import ANA, PHONE_NUMBER_ID, message, messages, one_number, status, statuses

KEY = ChatKey("shop", f"{ANA}@s.whatsapp.net")


def said(type_: str = "text", **fields: Any) -> Message:
    given = fields if type_ != "text" else {"text": {"body": "how much?"}, **fields}
    (update,) = Parser(one_number()).parse(messages(message("wamid.1", type_, **given)))
    assert isinstance(update, Arrived), update
    assert isinstance(update.event, Message)
    return update.event


@pytest.mark.parametrize(
    ("type_", "content", "choice", "text"),
    [
        ("button", {"payload": "yes-7", "text": "Yes"}, Choice(id="yes-7", title="Yes", source="template"), "Yes"),
        (
            "interactive",
            {"type": "button_reply", "button_reply": {"id": "b1", "title": "Rye"}},
            Choice(id="b1", title="Rye"),
            "Rye",
        ),
        (
            "interactive",
            {"type": "list_reply", "list_reply": {"id": "r1", "title": "Rye", "description": "1 kg"}},
            Choice(id="r1", title="Rye", source="list"),
            "Rye (1 kg)",
        ),
    ],
)
def test_a_choice(type_: str, content: dict[str, Any], choice: Choice, text: str) -> None:
    event = said(type_, **{type_: content})
    assert (event.kind, event.choice, event.text) == ("button", choice, text)


def test_a_form() -> None:
    """Its fields as they are, and as lines; Meta's own field is no line."""
    form = (
        '{"flow_token": "x", "day": "Monday", "size": 2, "extras": ["seeds", 3], "to": {"city": "Porto"}, "gift": true}'
    )
    reply = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": form}}
    event = said("interactive", interactive=reply)
    assert event.choice == Choice(id="flow", title="Sent", source="flow")
    assert event.answers == {
        "flow_token": "x", "day": "Monday", "size": 2, "extras": ("seeds", 3), "to": '{"city":"Porto"}', "gift": True,
    }  # fmt: skip
    assert event.text == 'day: Monday\nsize: 2\nextras: seeds, 3\nto: {"city":"Porto"}\ngift: yes'


@pytest.mark.parametrize("form", ["", "no JSON", "[1]", "null", "1e999", '{"a": 1e999}', "[" * 5000, '{"\\ud83d": 1}'])
def test_a_form_that_is_none(form: str) -> None:
    """Its other words count."""
    event = said("interactive", interactive={"nfm_reply": {"body": "Sent", "response_json": form}})
    assert (event.text, event.answers) == ("Sent", None)


def test_an_advertisement() -> None:
    seen = {
        "source_url": "https://example.org/ad", "source_id": "77", "source_type": "ad", "headline": "Rye",
        "body": "Today", "ctwa_clid": "click", "media_type": "image", "image_url": "https://example.org/i",
    }  # fmt: skip
    assert said(referral=seen).referral == Referral(
        source="ad", source_id="77", url="https://example.org/ad", headline="Rye", body="Today", click_id="click"
    )
    assert said(referral={}).referral is None


def test_a_product_and_forwarding() -> None:
    about = {"from": "1", "id": "wamid.0", "referred_product": {"catalog_id": "7", "product_retailer_id": "rye"}}
    event = said(context=about)
    assert (event.product, event.quoted) == (Product(catalog="7", id="rye"), "wamid.0")
    assert said(context={"forwarded": True}).forwarded == 1
    assert said(context={"forwarded": True, "frequently_forwarded": True}).forwarded == 2
    assert said().forwarded == 0


@pytest.mark.parametrize(
    ("place", "location", "text"),
    [
        (
            {"latitude": 37.4611978, "longitude": -122.1503001},
            Location(latitude=37.4611978, longitude=-122.1503001),
            "Location: 37.4611978, -122.1503001",
        ),
        ({"latitude": 91, "longitude": 0, "name": "Bar"}, Location(name="Bar"), "Location: Bar"),
        ({}, None, "Location"),
    ],
)
def test_a_place(place: dict[str, Any], location: Location | None, text: str) -> None:
    event = said("location", location=place)
    assert (event.location, event.text) == (location, text)


def test_texts_are_cut_to_their_bounds() -> None:
    """A long one costs no message: what is stored can be read."""
    long = "x" * 10_000
    event = said(
        "interactive",
        interactive={"list_reply": {"id": long, "title": long}},
        referral={"source_url": long, "headline": long, "body": long, "ctwa_clid": long},
        context={"referred_product": {"catalog_id": long, "product_retailer_id": long}},
    )
    assert event.choice is not None
    assert event.referral is not None
    assert (len(event.choice.title or ""), len(event.referral.body or "")) == (1024, 4096)


@pytest.mark.parametrize(
    ("text", "is_meant"),
    [("@15550783881 rye?", True), ("rye? @+15550783881", True), ("@155507838811", False), ("15550783881", False)],
)
def test_a_group_in_which_the_number_is_called(text: str, is_meant: bool) -> None:
    """Webhooks have no mentions: the text has the number that the webhook is for."""
    event = said(text={"body": text}, group_id="120363041234567890")
    assert event.mentions == (("15550783881@s.whatsapp.net", ME) if is_meant else ())


def receipt(provider_id: str, **fields: Any) -> Recorded:
    event = Receipt(id="c1", reply="t1.r", state="accepted", provider_id=provider_id, **fields)
    return Recorded(1, KEY, "i", "receipt", datetime.now(UTC), "", event)


def test_a_status_without_its_tracker() -> None:
    """It counts if the message is known by Meta's id."""
    known = KnownMessages()
    known.fold(receipt("wamid.9", part=2, parts=3))
    parser = Parser(Lines({PHONE_NUMBER_ID: Line("shop", known)}))
    (update, other) = parser.parse(statuses(status("wamid.9", "delivered", None), status("wamid.8", "delivered", None)))
    assert isinstance(update, Arrived)
    assert isinstance(update.event, Receipt)
    assert update.key == KEY
    event = update.event
    assert (event.reply, event.state, event.part, event.parts) == ("t1.r", "delivered", 2, 3)
    assert isinstance(other, Notice)
    assert other.what == "other_status"


def test_known_messages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateways.cloud.known_messages.MOST", 3)
    known = KnownMessages()
    for number in range(5):
        known.fold(receipt(f"wamid.{number}"))
    assert [known.of(f"wamid.{number}") is not None for number in range(5)] == [False, False, True, True, True]
