"""The gates: who is answered, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.arrival import short_word
from chat.commands import Answered
from chat.gates import pairing_code
from chat.work import Due, Refuse
from events.admission import Approved, Blocked
from events.decisions import Ignored, Reply, Reset
from events.subjects import ChatKey
from events.usage import TokenUsage
from tests.chat.gated import WORDS, gated, is_answered, outcome
from tests.chat.story import KEY, NOON, Story, order, text


@pytest.mark.parametrize(
    ("allow", "is_let_in"),
    [
        (("5511999999999",), True),
        (("5511999999999@s.whatsapp.net",), True),
        (("5511*",), True),
        (("5512*", "4912345"), False),
        (("551199999999",), False),
    ],
)
def test_only_those_on_the_allowlist_are_answered(allow: tuple[str, ...], is_let_in: bool) -> None:
    """By number, by JID, or by their beginning; messages of all others end silently."""
    story = gated(allow=allow).given(text("m1"))
    assert is_answered(story) if is_let_in else outcome(story) == [("not_allowed", "m1")]


def test_an_unknown_person_is_told_a_code_once() -> None:
    """And is answered once the owner has approved."""
    story = gated(pairing=True).given(text("m1"))
    code = pairing_code(KEY)
    assert outcome(story) == [("unapproved", "m1"), ("said", f"Your code is {code}.")]
    assert outcome(story.given(text("m2"))) == [("unapproved", "m2")]
    story.given(order("c1", "approve", by="ana"))
    assert outcome(story) == [("Approved",)]
    assert is_answered(story.given(text("m3")))


def test_codes_differ() -> None:
    """Six characters that are not mistaken for each other."""
    codes = {pairing_code(ChatKey("shop", f"55{number}@s.whatsapp.net")) for number in range(1000)}
    assert len(codes) == 1000
    assert all(len(code) == 6 and not set(code) & set("01IOL") for code in codes)


def test_a_person_blocked_by_order_stays_so_until_approved() -> None:
    """With any lists in the settings."""
    story = gated(allow=("5511*",)).given(Blocked(at=NOON), text("m1"))
    assert outcome(story) == [("blocked", "m1")]
    assert is_answered(story.given(Approved(at=NOON), text("m2")))


def test_a_sender_has_so_many_messages_an_hour() -> None:
    """Told once; in the next hour they are answered again."""
    story = gated(per_hour=2).given(text("m1"), text("m2"), text("m3"))
    assert outcome(story) == [("rate_limited", "m3"), ("said", "Slowly!")]
    assert outcome(story.given(text("m4"))) == [("rate_limited", "m4")]
    story.now += timedelta(hours=1)
    story.given(text("m5"))
    assert outcome(story) == []
    assert [message.id for message in story.chat.waiting] == ["m1", "m2", "m5"]


def test_two_bots_are_parted() -> None:
    """Answers within seconds of ours, again and again, are no person's; after ten minutes' rest it is tried again."""
    story = gated(loop_after=2)
    for number in range(3):
        story.given(text(f"m{number}"))
        turn = story.starts_a_turn()
        story.does(Answered(turn, "hi", "model", None, TokenUsage()))
    assert outcome(story.given(text("m3"))) == [("bot_loop", "m3")]
    story.now += timedelta(minutes=10)
    assert is_answered(story.given(text("m4")))


def test_a_person_who_takes_a_while_is_no_bot() -> None:
    """However long the conversation."""
    story = gated(loop_after=2)
    for number in range(6):
        story.now += timedelta(seconds=5)
        assert is_answered(story.given(text(f"m{number}")))
        turn = story.starts_a_turn()
        story.does(Answered(turn, "hi", "model", None, TokenUsage()))


@pytest.mark.parametrize(
    "said",
    [
        "Stop.",
        "STOP!",
        "stop",
        "\u201cstop\u201d",
        "*stop*",
        "stop \u2764\ufe0f",
        "\uff33\uff34\uff2f\uff30",
        " \u00bfstop?!",
        "\U0001f6d1 stop \U0001f6d1",
        "_stop_\n",
        "/stop",
        "st\u200bo\u00adp",
        "\u200fstop\u202c",
        "\U0001d42c\U0001d42d\U0001d428\U0001d429",
        "\u24c8\u24c9\u24c4\u24c5 \U0001f64f\U0001f3fd",
        "\u300cstop\u300d\u3002",
        "...stop\u00a0\u2026",
    ],
)
def test_a_stop_word_is_heard_however_it_is_written(said: str) -> None:
    story = gated(stop_words=frozenset({"stop"}))
    assert outcome(story.given(text("m1", said)))[0] == ("stop_word", "m1")


@pytest.mark.parametrize("said", ["stop the bread order", "nonstop", "s.t.o.p", "stop" + "!" * 200, "st op"])
def test_other_words_are_none(said: str) -> None:
    story = gated(stop_words=frozenset({"stop"})).given(text("m1", said))
    assert not any(isinstance(work, Refuse) for work in story.pending())


def test_words_of_two_blanks_accents_and_signs() -> None:
    """A setting is read in the same form: `Não  escreva!` and a sign alone are stop words like others."""
    words = frozenset(map(short_word, ["N\u00e3o  escreva!", "\U0001f6d1", "\u0930\u0941\u0915\u094b"]))
    for said in ("n\u00e3o escreva", "Na\u0303o   ESCREVA.", "\U0001f6d1", "\u0930\u0941\u0915\u094b!"):
        story = gated(stop_words=words).given(text("m1", said))
        assert outcome(story)[0] == ("stop_word", "m1"), said


def test_a_word_makes_it_silent_and_another_brings_it_back() -> None:
    """In upper or lower case; other messages meanwhile end silently."""
    story = gated(stop_words=frozenset({"stop"}), start_words=frozenset({"start"}))
    assert outcome(story.given(text("m1", " Stop "))) == [("stop_word", "m1"), ("said", "I am silent now.")]
    assert outcome(story.given(text("m2", "hello?"))) == [("stopped", "m2")]
    assert outcome(story.given(text("m3", "START"))) == [("start_word", "m3"), ("said", "Here I am.")]
    assert is_answered(story.given(text("m4", "start")))


def test_help_and_reset() -> None:
    """A new conversation begins after the message that asked for it."""
    story = gated().given(text("m1", "/help"))
    assert outcome(story) == [("help", "m1"), ("said", "Just write.")]
    story.given(text("m2", "/reset"))
    assert outcome(story) == [("Reset",), ("reset", "m2"), ("said", "A new conversation.")]
    (reset,) = [e.event for e in story.events if isinstance(e.event, Reset)]
    assert (reset.upto, reset.by, story.chat.reset_upto) == (4, KEY.chat, 4)


@pytest.mark.parametrize(
    ("came", "ended"),
    [
        (text("m2", "stop"), [("stopped", "m1"), ("stop_word", "m2"), ("said", "I am silent now.")]),
        (order("c1", "block"), [("blocked", "m1")]),
    ],
)
def test_the_turn_that_runs_ends_too(came: Any, ended: list[tuple[str, ...]]) -> None:
    """A person who wants no answers gets none that was begun."""
    story = gated(stop_words=frozenset({"stop"})).given(text("m1"))
    turn = story.starts_a_turn()
    story.given(came)
    decided = [
        done
        for work in iter(lambda: next((w for w in story.pending() if isinstance(w, Due)), None), None)
        if (done := story.does(work, words=WORDS))
    ]
    told = [
        (one.reason, *one.messages) if isinstance(one, Ignored) else ("said", one.text)
        for one in decided
        if isinstance(one, Ignored | Reply)
    ]
    assert sorted(told) == sorted(ended)
    assert story.when(Answered(turn, "late", "model", None, TokenUsage())) is None


@given(st.text(st.characters(max_codepoint=127), max_size=120))
def test_plain_texts_and_others_are_read_alike(written: str) -> None:
    """The short way for ASCII agrees with the general way, which a sign outside ASCII in front chooses."""
    general = short_word(f"\u00bf{written}")
    assert general == short_word(written) or not any(sign.isalnum() for sign in written)


def test_who_wants_no_replies_gets_no_notice_about_an_earlier_message() -> None:
    """The stop word came before the notice was said."""
    story = Story().given(text("m1"), Ignored(messages=("m1",), reason="too_large", at=NOON, told=True))
    assert story.chat.notice == "m1"
    story.given(text("m2", "stop"), Ignored(messages=("m2",), reason="stop_word", at=NOON))
    assert story.chat.notice is None
