"""Orders to send that take no chat over: the assistant says it, and nothing else changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chat.commands import Answered
from chat.work import EndBurst, Obey
from events.admission import Blocked
from events.decisions import Attention, Decision, Ignored, Reply, TurnError, TurnFailed
from events.inbound import Inbound, Message
from events.parts import Option, Part
from events.usage import TokenUsage
from tests.chat.story import KEY, NOON, SETTING, Story, order, text

LEFT_ALONE = replace(SETTING, takeover=timedelta(minutes=30))
MINUTE = timedelta(minutes=1)


def informs(id_: str = "c1", **fields: Any) -> Any:
    return order(id_, "send", **{"text": "Your parcel is on its way.", "takeover": False, **fields})


def marketing(id_: str, *, wanted: bool) -> Message:
    return Message(id=id_, kind="system", text="…", marketing=wanted)


def test_it_is_the_assistants_and_ends_nothing() -> None:
    """It stops no turn, ends no message, begins no pause; the turn's answer still comes."""
    story = Story(LEFT_ALONE).given(text("m1"))
    turn = story.starts_a_turn()
    story.given(text("m2"), informs(quote="m1", by="shop"))
    before = story.chat
    (reply,) = story.works_off_what_is_due()
    assert isinstance(reply, Reply)
    assert (reply.id, reply.author, reply.turn, reply.in_reply_to) == ("c1.r", "assistant", None, ())
    assert (reply.cause, reply.about, reply.quote) == ("c1", None, "m1")
    after = story.chat
    assert after == replace(before, orders=(), decision_seq=after.decision_seq)
    story.does(Answered(turn, "hi", "model", None, TokenUsage()))
    assert story.pending() == (EndBurst(4, 4),), "the second message gets a turn of its own"


def test_it_waits_for_nobody() -> None:
    """A burst goes on, and starts a turn afterwards."""
    story = Story(LEFT_ALONE).given(text("m1"), informs())
    (reply,) = story.works_off_what_is_due()
    assert isinstance(reply, Reply)
    assert story.pending() == (EndBurst(1, 1),)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([text("stop", "stop")], "stopped"),
        ([Blocked(at=NOON)], "blocked"),
        ([marketing("p1", wanted=False)], "opted_out"),
        ([text("h1", from_me=True)], "taken_over"),
        ([order("c0", "send", text="Ana here")], "taken_over"),
        ([order("c0", "handoff", text="call me")], "taken_over"),
        ([Attention(id="a1", text="", by="model", at=NOON, turn="t0")], "taken_over"),
        ([order("c0", "pause")], "paused"),
        ([order("c0", "pause", until=NOON + timedelta(hours=1))], "paused"),
        ([order("c0", "block"), order("c00", "send", text="x")], "blocked"),
    ],
)
def test_a_shut_chat_refuses_it(given: list[Inbound | Decision], reason: str) -> None:
    """No message ends by it, and the person hears nothing."""
    gates = replace(SETTING.gates, stop_words=frozenset({"stop"}))
    story = Story(replace(LEFT_ALONE, gates=gates))
    story.given(*given)
    story.works_off_what_is_due()
    before = story.chat
    story.given(informs())
    (ignored,) = story.works_off_what_is_due()
    assert ignored == Ignored(messages=(), reason=reason, at=ignored.at, cause="c1")
    after = story.chat
    assert after == replace(before, inbound_seq=after.inbound_seq, decision_seq=after.decision_seq)


@pytest.mark.parametrize(
    "opened",
    [
        [order("c0", "pause"), order("c00", "resume")],
        [order("c0", "handoff"), order("c00", "resume")],
        [order("c0", "block"), order("c00", "approve")],
        [marketing("p1", wanted=False), marketing("p2", wanted=True)],
        [TurnFailed(turn="t0", messages=(), error=TurnError(class_="timeout", detail=""), told=False, at=NOON)],
    ],
)
def test_an_open_chat_takes_it(opened: list[Any]) -> None:
    story = Story(LEFT_ALONE).given(*opened)
    story.works_off_what_is_due()
    story.given(informs())
    (reply,) = story.works_off_what_is_due()
    assert isinstance(reply, Reply)


def test_a_takeover_ends_by_its_time() -> None:
    """The bus's clock counts, also before `resumed` is in the log."""
    story = Story(LEFT_ALONE).given(text("h1", from_me=True))
    story.works_off_what_is_due()
    assert story.chat.pause is not None
    assert story.chat.pause.until is not None
    story.now = story.chat.pause.until - 2 * MINUTE
    story.given(informs("c1"))
    (refused,) = story.works_off_what_is_due()
    story.now = story.chat.pause.until
    story.given(informs("c2"))
    (reply,) = story.works_off_what_is_due()
    assert (type(refused), type(reply)) == (Ignored, Reply)


def test_a_word_by_hand_that_came_first_comes_first() -> None:
    """A word by hand before the order has the chat; one after it does not undo it."""
    before = Story(LEFT_ALONE).given(text("h1", from_me=True), informs())
    after = Story(LEFT_ALONE).given(informs(), text("h1", from_me=True))
    ended = {type(one) for one in before.works_off_what_is_due()}
    assert Reply not in ended
    assert isinstance(after.works_off_what_is_due()[0], Reply)


@pytest.mark.parametrize(
    ("fields", "facts", "reason"),
    [
        ({}, {"informs": False}, "older_instance"),
        ({}, {"is_blocked": True}, "blocked"),
        ({"text": " "}, {}, "empty"),
        ({"text": " \u200b\u2800\x07"}, {}, "empty"),
        ({"due": NOON + MINUTE}, {}, "sent_at_once"),
        ({"due": NOON + MINUTE, "takeover": True}, {}, "sent_at_once"),
        ({"parts": (Part(kind="reaction"),)}, {}, "malformed_parts"),
    ],
)
def test_what_is_refused_by_the_order_itself(fields: dict[str, Any], facts: dict[str, Any], reason: str) -> None:
    """Instances that would take the chat over, a time that this version cannot keep, and what no send may be."""
    story = Story().given(informs(**fields))
    (order_,) = story.chat.orders
    refused = story.when(Obey(order_.control, order_.seq), **facts)
    assert isinstance(refused, Ignored)
    assert (refused.messages, refused.reason, refused.cause) == ((), reason, "c1")


def test_it_may_ask_and_is_no_answer() -> None:
    """Its choices can be typed; a quick word after it is no sign of a bot, and it spares no chat from a sweep."""
    sizes = (Option(id="s", title="Small"), Option(id="l", title="Large"))
    story = Story().given(informs(parts=(Part(kind="choices", text="Which?", choices=sizes),), text=None))
    story.works_off_what_is_due()
    assert [one.id for one in story.chat.question] == ["s", "l"]
    assert (story.chat.replied, story.chat.quick, story.chat.hand) == (None, 0, None)
    story.given(text("m1", "2"))
    assert story.chat.waiting[0].choice is not None
    assert story.chat.waiting[0].choice.id == "l"


def test_an_opt_out_outlasts_an_erasure() -> None:
    """As a stop word does; what the person wanted is no history."""
    story = Story().given(marketing("p1", wanted=False), order("e1", "erase"))
    story.works_off_what_is_due()
    assert story.chat.began_at
    story.given(informs())
    (ignored,) = story.works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert ignored.reason == "opted_out"


def test_an_opt_out_comes_along_into_the_other_chat() -> None:
    """The chat that closes tells of it, and the one that goes on keeps it."""
    closing = Story().given(marketing("p1", wanted=False), order("join:x", "join", into="other@s.whatsapp.net"))
    closing.works_off_what_is_due()
    assert closing.chat.closing is not None
    assert closing.chat.closing.opted_out
    told = order("joined:x", "join", from_="x@lid", into=KEY.chat, opted_out=True)
    other = Story().given(told)
    other.works_off_what_is_due()
    assert other.chat.opted_out
