"""Side `i` with arbitrary bytes, in any chat: nobody hears a word but about content that they themselves sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chat.evolve import folded
from chat.gates import Gates
from chat.pending import pending
from chat.state import Chat, Pause, Waiting
from chat.work import EndBurst, Notify, Refuse
from events.codec import read
from events.inbound import INBOUND, Message
from events.subjects import ChatKey, decision_subject
from tests.chat.story import SETTING

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANA, GROUP = "5511999999999@s.whatsapp.net", "120363041234567890@g.us"
SPOKEN = {"text", "button", "video", "location", "contact", "image", "audio", "document"}
"""Kinds that a person writes; of `unsupported` messages the provider's types and the code below."""
INNER = {
    "event", "gif", "group_invite", "image", "link_preview", "list", "location", "media_placeholder", "order",
    "poll_creation", "product", "view_once",
}  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({field for struct in INBOUND.values() for field in struct.__struct_fields__})
KINDS = [*sorted(SPOKEN), "sticker", "reaction", "call", "poll", "system", "unsupported", "hologram"]
SHAPES = st.fixed_dictionaries(
    {"id": st.sampled_from(["m1", "m2"]) | JSON},
    optional={field: JSON for field in FIELDS if field not in ("id", "kind")}
    | {
        "kind": st.sampled_from(KINDS) | JSON,
        "text": st.just("words") | JSON,
        "unsupported": st.sampled_from([*sorted(INNER), "edit", "pin"]) | JSON,
        "of": st.just("m1"),
        "reply": st.just("t1.r"),
        "state": st.sampled_from(["read", "failed"]) | JSON,
    },
)
BYTES = st.binary(max_size=60) | SHAPES.map(lambda shape: json.dumps(shape).encode())
TYPES = st.sampled_from([*INBOUND, "out", "x"])
CHATS = st.sampled_from([
    Chat(),
    Chat(waiting=(Waiting("m0", 0, AT, AT, "unsupported_kind", silent=True, sender=ANA),)),
])  # fmt: skip
SHUT = st.sampled_from([
    Chat(pause=Pause(None, "taken_over")), Chat(pause=Pause(None)), Chat(stopped=True), Chat(admission="blocked"),
])  # fmt: skip


def speaks(chat: Chat, recorded: Any, gates: Gates = Gates()) -> bool:  # noqa: B008 - it is frozen
    """Whether the event leads to an answer, or to a notice."""
    state, defect = folded(chat, recorded)
    assert defect is None, defect
    silent = {message.id for message in state.waiting if message.silent or message.fault == "from_me"}
    return any(
        isinstance(work, EndBurst | Notify)
        or (
            isinstance(work, Refuse)
            and work.tell
            and work.reason in ("unsupported_kind", "empty")
            and not silent.issuperset(work.messages)
        )
        for work in pending(state, AT, replace(SETTING, gates=gates))
    )


def is_content(event: object) -> bool:
    return (
        isinstance(event, Message)
        and not event.from_me
        and (event.kind in SPOKEN or event.unsupported in INNER or event.unsupported_code == 131060)
    )


@settings(max_examples=100)
@given(TYPES, BYTES, st.sampled_from([ANA, GROUP, "nonsense"]), CHATS)
def test_no_word_but_about_content(type_: str, body: bytes, place: str, chat: Chat) -> None:
    subject = decision_subject(ChatKey("local", place), "x").replace(".o.x", f".i.{type_}")
    recorded = read(1, subject, AT, None, body)
    if speaks(chat, recorded):
        assert is_content(recorded.event), recorded.event


@settings(max_examples=60)
@given(TYPES, BYTES, SHUT)
def test_no_word_at_all_while_a_human_has_the_chat(type_: str, body: bytes, chat: Chat) -> None:
    """Nor while it is paused, stopped or blocked."""
    subject = decision_subject(ChatKey("local", ANA), "x").replace(".o.x", f".i.{type_}")
    assert not speaks(chat, read(1, subject, AT, None, body))


def test_the_properties_can_fail() -> None:
    subject = decision_subject(ChatKey("local", ANA), "x").replace(".o.x", ".i.in")
    assert speaks(Chat(), read(1, subject, AT, None, b'{"id": "m1", "text": "hi", "forwarded": []}'))
    assert speaks(Chat(), read(1, subject, AT, None, msgspec.json.encode({"id": "m1", "kind": "video"})))
    assert not speaks(Chat(), read(1, subject, AT, None, b'{"id": "m1", "kind": "reaction", "text": "x"}'))
