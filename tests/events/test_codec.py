"""Bytes to events: no stored message makes reading fail."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import VERSION, VERSION_HEADER, decode, encode, read
from events.decisions import DECISIONS, Ignored, TurnError, TurnFailed
from events.inbound import INBOUND, Message
from events.recorded import UNREADABLE, Unknown, Unreadable
from tests.events.given import ANA

AT = datetime(2026, 9, 1, tzinfo=UTC)
IN = "evt.5.local.5511999990001=40s=2Ewhatsapp=2Enet.i.in"
OUT = "evt.5.local.5511999990001=40s=2Ewhatsapp=2Enet.o."
NEWER = {VERSION_HEADER: str(VERSION + 1)}


@given(
    type_=st.sampled_from(sorted(INBOUND) + sorted(DECISIONS) + ["unheard_of"]),
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    ).map(lambda value: json.dumps(value).encode()),
    headers=st.none() | st.dictionaries(st.sampled_from(["Nats-Msg-Id", VERSION_HEADER, "x"]), st.text(max_size=20)),
    account=st.text(alphabet=st.characters(exclude_characters=". \t\r\n", codec="utf-8"), min_size=1, max_size=20),
)
def test_reading_never_fails(type_: str, body: bytes, headers: dict[str, str] | None, account: str) -> None:
    """Given any type, bytes and headers, then there is an event, or it says why not."""
    side = "i" if type_ in INBOUND else "o"
    recorded = read(9, f"evt.5.{account}.x.{side}.{type_}", AT, headers, body)
    assert (recorded.seq, recorded.side, recorded.type, recorded.at) == (9, side, type_, AT)
    if isinstance(recorded.event, Unreadable):
        assert recorded.event.reason in UNREADABLE
        assert recorded.event.detail


@pytest.mark.parametrize("type_", ["in", "edit", "reply", "turn_failed"])
@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"7", b'"x"', b"{", b"\xff", b"\x00", b"{}" * 2, b'{"id":1}', b"[" * 50_000]
)
def test_bytes_that_are_no_event(type_: str, body: bytes) -> None:
    """Given bytes of the wrong shape, then decoding says so with one kind of error."""
    with pytest.raises((msgspec.DecodeError, RecursionError)):
        decode(type_, body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"text":"x"}', "id"),
        (b'{"id":"","text":"x"}', "id"),
        (b'{"id":"m1"}', "text"),
        (b'{"id":"m1","text":null}', "text"),
        (b'{"id":"m1","text":5}', "text"),
    ],
)
def test_the_reason_names_the_field(body: bytes, field: str) -> None:
    """Given a message with a field missing or wrong, then the reason says which."""
    event = read(1, IN, AT, None, body).event
    assert isinstance(event, Unreadable)
    assert event.reason == "unreadable"
    assert f"`{field}`" in event.detail or f".{field}`" in event.detail


def test_an_unknown_kind() -> None:
    """Given a message of a new kind, then it is a message, to be ignored by name."""
    assert read(1, IN, AT, None, b'{"id":"m1","kind":"hologram"}').event == Message(id="m1", kind="hologram")


def test_unknown_fields_are_passed_over() -> None:
    """Given a message with a field of a newer version, then the rest is read."""
    body = b'{"id":"m1","text":"x","mood":"good"}'
    assert read(1, IN, AT, NEWER, body).event == Message(id="m1", text="x")


def test_the_subject_decides_about_the_chat() -> None:
    """Given a body that names its chat, then it must be the subject's."""
    assert isinstance(read(1, IN, AT, None, encode(Message(id="m1", text="x", chat=ANA.chat))).event, Message)
    other = read(1, IN, AT, None, b'{"id":"m1","text":"x","chat":"5511999990002@s.whatsapp.net"}').event
    assert isinstance(other, Unreadable)
    assert other.reason == "other_chat"


def test_a_newer_shape_that_cannot_be_read() -> None:
    """Given a newer version's inbound event in a shape we cannot read, then it is unreadable for that reason."""
    event = read(1, IN, AT, NEWER, b'{"id":{"wamid":"m1"},"text":"x"}').event
    assert isinstance(event, Unreadable)
    assert event.reason == "newer_version"
    assert str(VERSION + 1) in event.detail


@pytest.mark.parametrize(("type_", "body"), [("summarised", b"{}"), ("ignored", b'{"messages":{"m1":"stale"}}')])
def test_a_newer_decision_is_passed_over(type_: str, body: bytes) -> None:
    """Given a decision of a newer version, of a new type or in a new shape, then it is unknown, not broken."""
    assert read(1, OUT + type_, AT, NEWER, body).event == Unknown(type_, VERSION + 1)


@pytest.mark.parametrize("version", ["", "x", "-1", "1.5", "²", "9" * 5000])
def test_a_version_that_is_none(version: str) -> None:
    """Given a version header that is no number, then the bytes are read as of today."""
    assert read(1, IN, AT, {VERSION_HEADER: version}, b'{"id":"m1","text":"x"}').event == Message(id="m1", text="x")


def test_an_old_shape_is_brought_up() -> None:
    """Given an event of an older version, when it is read, then its steps are taken, one version after the other."""

    def split(shape: dict[str, Any]) -> dict[str, Any]:
        return {**shape, "messages": shape["messages"].split(",")}

    def name(shape: dict[str, Any]) -> dict[str, Any]:
        return {**shape, "reason": f"was {shape['reason']} {shape['messages'][0]}"}

    steps = {("ignored", VERSION - 2): split, ("ignored", VERSION - 1): name}
    body = b'{"messages":"m1,m2","reason":"old","at":"2026-09-01T00:00:00Z"}'
    assert decode("ignored", body, VERSION - 2, steps) == Ignored(messages=("m1", "m2"), reason="was old m1", at=AT)
    today = encode(Ignored(messages=("m1",), reason="new", at=AT))
    assert decode("ignored", today, VERSION, steps) == Ignored(messages=("m1",), reason="new", at=AT)


def test_a_step_for_another_type_is_not_taken() -> None:
    """Given a step for one type, when another type of the old version is read, then it is read as it is."""
    steps = {("reply", VERSION - 1): lambda shape: {}}
    body = encode(Message(id="m1", text="x"))
    assert decode("in", body, VERSION - 1, steps) == Message(id="m1", text="x")


def test_half_a_character_is_written_as_a_question_mark() -> None:
    """A server may quote it in an error; UTF-8 cannot hold it, and no event may break on it."""
    error = TurnError(class_="bad_request", detail="Error code: 400 - \ud800!")
    failed = TurnFailed(turn="t\udc00", messages=("m1",), error=error, told=True, at=AT)
    written = encode(failed)
    assert decode("turn_failed", written) == msgspec.structs.replace(
        failed, turn="t?", error=TurnError(class_="bad_request", detail="Error code: 400 - ?!")
    )
    assert (
        json.loads(written).keys() == json.loads(encode(msgspec.structs.replace(failed, turn="t", error=error))).keys()
    )
