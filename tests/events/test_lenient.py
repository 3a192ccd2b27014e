"""A field of a wrong form costs no message: it is converted where that is certain, else left out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.arrival import fault_of
from events.codec import read
from events.inbound import Control, Media, Message, Receipt
from events.recorded import Recorded, Unreadable
from events.subjects import ChatKey, decision_subject

AT = datetime(2026, 11, 22, tzinfo=UTC)
SUBJECT = decision_subject(ChatKey("local", "5511999990001@s.whatsapp.net"), "x").replace(".o.x", ".i.")
SAID = "do you have bread?"
OPTIONAL = sorted(set(Message.__struct_fields__) - {"id", "text", "chat"})
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def recorded(type_: str, shape: Any) -> Recorded:
    body = shape if isinstance(shape, bytes) else json.dumps(shape).encode()
    return read(1, SUBJECT + type_, AT, None, body)


def said(**fields: Any) -> Any:
    return recorded("in", {"id": "m1", "text": SAID, **fields}).event


@settings(max_examples=60)
@given(st.sampled_from(OPTIONAL), ANY_JSON)
def test_any_json_in_an_optional_field(field: str, value: Any) -> None:
    """Given any value in it, then the message arrives with its text, as one that is answered."""
    event = said(**{field: value})
    assert isinstance(event, Message), event
    assert (event.id, event.text) == ("m1", SAID)
    assert fault_of(event) is None or event.from_me or (field == "kind" and isinstance(value, str))


@given(ANY_JSON.filter(lambda value: not isinstance(value, str)))
def test_a_chat_that_is_no_name(value: Any) -> None:
    """The subject's chat counts."""
    assert said(chat=value) == Message(id="m1", text=SAID)


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(OPTIONAL), ANY_JSON))
def test_any_json_in_many_of_them(fields: dict[str, Any]) -> None:
    event = said(**fields)
    assert isinstance(event, Message), event
    assert event.text == SAID


STRANGE = (
    [1] * 5000, {"x": 1}, [{}], [[]], 1e308, 2**80, -1, "", "x" * 70_000, True, [None], {"id": 7}, {"object": None},
    {"object": 5, "size": "x", "mime": []}, {"latitude": 91, "longitude": "x"}, {"a": {"b": []}}, {"": [1, [2]]},
)  # fmt: skip


@pytest.mark.parametrize("field", OPTIONAL)
def test_strange_values_of_each(field: str) -> None:
    for value in STRANGE:
        event = said(**{field: value})
        assert isinstance(event, Message), (field, str(value)[:40], event)
        assert event.text == SAID


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"9" * 400, b"9" * 6000, b"1" * 400 + b".5"])
def test_numbers_that_no_program_holds(number: bytes) -> None:
    event = recorded("in", b'{"id": "m1", "text": "hi", "at": %s, "x": [%s]}' % (number, number)).event
    assert event == Message(id="m1", text="hi")


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        ({"id": 7}, {"id": "7"}),
        ({"at": 1_790_000_000}, {"at": datetime.fromtimestamp(1_790_000_000, UTC)}),
        ({"at": 1_790_000_000.5}, {"at": datetime.fromtimestamp(1_790_000_000.5, UTC)}),
        ({"at": 1_790_000_000_000}, {"at": datetime.fromtimestamp(1_790_000_000, UTC)}),
        ({"at": "1790000000"}, {"at": datetime.fromtimestamp(1_790_000_000, UTC)}),
        ({"at": 12}, {}),
        ({"at": "2026-09-01T12:00:00"}, {}),
        ({"at": "yesterday"}, {}),
        ({"mentions": "a@lid"}, {"mentions": ("a@lid",)}),
        ({"mentions": ["a@lid", {}, "b@lid"]}, {"mentions": ("a@lid", "b@lid")}),
        ({"from_me": "true"}, {"from_me": True}),
        ({"group": 1}, {"group": True}),
        ({"name": 5}, {"name": "5"}),
        ({"unsupported_code": "131051"}, {"unsupported_code": 131051}),
        ({"media": {"object": "o", "size": "12"}}, {"media": Media(object="o", size=12)}),
        ({"media": {"object": "o", "size": 1.5}}, {"media": Media(object="o")}),
        ({"media": {"mime": "image/png"}}, {}),
        ({"forwarded": 3}, {}),
        ({"forwarded": "2"}, {"forwarded": 2}),
    ],
)
def test_certain_forms_are_converted(fields: dict[str, Any], meant: dict[str, Any]) -> None:
    assert said(**fields) == Message(**{"id": "m1", "text": SAID, **meant})


def test_half_a_character() -> None:
    """From a text that a program cut: it becomes U+FFFD, and the rest is kept."""
    assert recorded("in", b'{"id": "m1", "text": "hi \\ud83d"}').event == Message(id="m1", text="hi \ufffd")


@pytest.mark.parametrize(
    "shape",
    [
        {"text": SAID}, {"id": None, "text": SAID}, {"id": "", "text": SAID}, {"id": [1], "text": SAID},
        {"id": True, "text": SAID}, {"id": "x" * 257, "text": SAID}, {"id": "m1"}, {"id": "m1", "text": None},
        {"id": "m1", "text": 5}, {"id": "m1", "text": ["x"]}, {"id": "m1", "kind": 5}, [], "x", 5, None,
    ],
)  # fmt: skip
def test_without_id_or_words_it_is_unusable(shape: Any) -> None:
    assert isinstance(recorded("in", shape).event, Unreadable)


@pytest.mark.parametrize(
    ("type_", "shape"),
    [
        ("control", {"id": "c1", "command": "erase", "until": "soon"}),
        ("control", {"id": "c1", "command": "pause", "until": {}}),
        ("control", {"id": "c1", "command": "retry", "messages": [{}]}),
        ("control", {"id": "c1", "command": "send", "text": 5}),
        ("control", {"id": "c1", "command": 5}),
        ("receipt", {"id": "r", "reply": "r1", "state": "delivered", "part": "x"}),
        ("receipt", {"id": "r", "reply": "r1", "state": "gone"}),
        ("receipt", {"id": "r", "reply": "r1", "state": "failed", "error": {"code": 2**64}}),
        ("edit", {"id": "e", "of": "m1", "text": 5}),
        ("revoke", {"id": "e", "of": []}),
    ],
)
def test_doubtful_forms_are_left_alone(type_: str, shape: dict[str, Any]) -> None:
    """An order without its bound, or a receipt of a part without the part, would do what nobody meant."""
    assert isinstance(recorded(type_, shape).event, Unreadable)


def test_other_events_are_mended_too() -> None:
    receipt = {"id": "r", "reply": "r1", "state": "read", "at": "x", "part": "2", "parts": 2}
    assert recorded("receipt", receipt).event == Receipt(id="r", reply="r1", state="read", part=2, parts=2)
    order = {"id": 5, "command": "resume", "by": {}}
    assert recorded("control", order).event == Control(id="5", command="resume")


def test_the_mended_fields_are_named() -> None:
    """For the metric; a null is as if the field were not there."""
    found = recorded("in", {"id": 7, "text": SAID, "at": [], "name": None, "media": {"object": "o", "size": {}}})
    assert set(found.converted) == {"id"}
    assert set(found.left_out) >= {"at", "media.size"}
    assert recorded("in", {"id": "m1", "text": SAID}).left_out == ()


def test_good_bytes_are_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lenient way begins only after the strict one has failed."""
    monkeypatch.setattr("events.codec.plain", lambda _: pytest.fail("read again"))
    assert isinstance(said(at="2026-09-01T12:00:00Z", media={"object": "o"}), Message)
    assert msgspec.json.encode(said()) is not None
