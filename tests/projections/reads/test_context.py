"""The part of a conversation that a model is shown."""

from __future__ import annotations

from chat.context import Line
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, GROUP, Past, undated


def said(known: Known, limit: int = 20, reset_upto: int = 0) -> list[str]:
    return [f"{line.role}: {line.text}" for line in known.reads.context(ANA, limit, reset_upto)]


def test_ended_turns_are_context_in_the_order_of_their_endings(known: Known, past: Past) -> None:
    """Each turn's messages, then its reply; a message that came before another's reply still goes with its own."""
    past.message("m1", "one")
    past.turn("t1", "m1")
    past.message("m2", "two")
    past.message("m3", "three")
    past.reply("t1", "m1", text="to one")
    past.turn("t2", "m2", "m3")
    past.reply("t2", "m2", "m3", text="to two and three")
    past.message("m4", "open")
    past.turn("t3", "m4")
    assert said(known.after(past)) == [
        "user: one", "assistant: to one", "user: two", "user: three", "assistant: to two and three",
    ]  # fmt: skip


def test_only_the_last_lines(known: Known, past: Past) -> None:
    """`limit` counts lines, from the end; 0 shows none."""
    for number in range(5):
        past.answered(number)
    known.after(past)
    assert said(known, 3) == ["assistant: answer 3", "user: question 4", "assistant: answer 4"]
    assert said(known, 0) == []


def test_ignored_messages_and_apologies_are_no_context(known: Known, past: Past) -> None:
    """A failed turn's messages are context; the system's words and unanswered messages are not."""
    past.message("m1", "ignored")
    past.ignored("m1")
    past.message("m2", "failed")
    past.turn("t2", "m2")
    past.failed("t2", "m2")
    past.apology("t2")
    assert said(known.after(past)) == ["user: failed"]


def test_an_operators_words_are_context(known: Known, past: Past) -> None:
    """The messages that they end come first; words that end no message come alone."""
    past.message("m1", "help")
    past.said("I am Rita", "m1", control="c1")
    past.said("Still there?", control="c2")
    assert said(known.after(past)) == ["user: help", "assistant: I am Rita", "assistant: Still there?"]


def test_a_retried_message_leaves_the_context_of_its_failed_turn(known: Known, past: Past) -> None:
    """While it is answered again it is not context; afterwards it is where the retry ended."""
    past.message("m1", "first")
    past.turn("t1", "m1")
    past.failed("t1", "m1")
    past.answered(2)
    past.control("c1", "retry", messages=("m1",))
    past.turn("t3", "m1", cause="c1")
    assert said(known.after(past)) == ["user: question 2", "assistant: answer 2"]
    past.reply("t3", "m1", text="at last")
    assert said(known.after(past))[2:] == ["user: first", "assistant: at last"]


def test_messages_before_a_reset_are_no_context(known: Known, past: Past) -> None:
    """A message counts by its own sequence, a reply by that of its turn's last message, wherever they ended."""
    past.answered(1)
    past.message("m2", "before")
    past.turn("t2", "m2")
    past.control("c1", "reset")
    reset = past.last.seq
    past.reply("t2", "m2", text="to before")
    past.said("operator", control="c2")
    past.answered(3)
    known.after(past)
    assert said(known, reset_upto=reset) == ["assistant: operator", "user: question 3", "assistant: answer 3"]
    assert len(said(known)) == 7


def test_names_are_shown_in_groups_only(known: Known, past: Past) -> None:
    """In a group a model must know who speaks; between two it knows."""
    for key in (ANA, GROUP):
        past.message("m1", "hello", key, name="Ana")
        past.turn("t1", "m1", key=key)
        past.reply("t1", "m1", text="hi", key=key)
    known.after(past)
    assert undated(known.reads.context(ANA, 20, 0)) == (Line("user", "hello"), Line("assistant", "hi"))
    assert undated(known.reads.context(GROUP, 20, 0)) == (Line("user", "hello", "Ana"), Line("assistant", "hi"))


def test_lines_of_a_turn(known: Known, past: Past) -> None:
    """The messages that are asked for, in that order, without control characters; another chat's are not among them."""
    past.message("m1", "on\x07e", GROUP, name="Ana")
    past.message("m2", "two", GROUP)
    past.message("m3", "three", BIA)
    lines = known.after(past).reads.lines_of(GROUP, ["m2", "m1", "m3"])
    assert undated(lines) == (Line("user", "two"), Line("user", "one", "Ana"))
