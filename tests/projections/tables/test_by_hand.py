"""Words of people beside the bot's turns: edits, deletions, words by hand, and requests for a human."""

from __future__ import annotations

from datetime import timedelta

from events.decisions import Attention, Paused, Resumed, TurnStarted
from events.inbound import Edit, Revoke
from tests.projections.conftest import Known
from tests.projections.past import ANA, BIA, NOON, Past


def said(known: Known) -> list[str]:
    return [f"{line.role}: {line.text}" for line in known.reads.context(ANA, 20, 0)]


def test_words_while_a_human_had_the_chat_are_context(known: Known, past: Past) -> None:
    """The human's words take the place of the model's; the person's words meanwhile reach the model too."""
    past.message("h1", "This is Rita.", from_me=True)
    past.ignored("h1", reason="from_me")
    past.message("m1", "Thanks, Rita!")
    past.ignored("m1", reason="taken_over")
    past.message("m2", "too old")
    past.ignored("m2", reason="stale")
    assert said(known.after(past)) == ["assistant: This is Rita.", "user: Thanks, Rita!"]


def test_only_what_a_thread_does_not_have(known: Known, past: Past) -> None:
    """Since the thread's last own turn, so that a provider's conversation is told what it missed and no more."""
    past.answered(1)
    level = past.last.seq
    past.said("I am Rita", control="c1")
    known.after(past)
    assert [line.text for line in known.reads.context(ANA, 20, 0, level)] == ["I am Rita"]


def test_an_edit_before_the_answer_is_what_the_model_sees(known: Known, past: Past) -> None:
    """In the turn, and later as context; the page still has the first words."""
    past.message("m1", "ten, please")
    past.happened(Edit(id="e1", of="m1", text="two, please"))
    past.turn("t1", "m1")
    assert [line.text for line in known.after(past).reads.lines_of(ANA, ["m1"])] == ["two, please"]
    past.reply("t1", "m1", text="two it is")
    assert said(known.after(past)) == ["user: two, please", "assistant: two it is"]
    (entry, _) = known.queries.history(ANA)
    assert (entry.text, entry.edited) == ("ten, please", "two, please")


def test_an_edit_after_the_answer_is_said(known: Known, past: Past) -> None:
    """The answer was to the old words, so they stand there, with the new ones."""
    past.message("m1", "ten, please")
    past.happened(Edit(id="e1", of="m1", text="five, please"))
    past.turn("t1", "m1")
    past.reply("t1", "m1", text="five it is")
    past.happened(Edit(id="e2", of="m1", text="two, please"))
    assert said(known.after(past)) == [
        "user: five, please\n[edited later, it now reads:]\ntwo, please",
        "assistant: five it is",
    ]


def test_a_deleted_message_is_no_context_and_is_not_found(known: Known, past: Past) -> None:
    """Whether it was deleted before its ending or after, in the same batch or another one."""
    past.message("m1", "my pin is 4711")
    past.message("m2", "and this is gone at once, 4712")
    past.happened(Revoke(id="r2", of="m2"))
    past.ignored("m2", reason="revoked")
    past.turn("t1", "m1")
    past.reply("t1", "m1", text="noted")
    known.after(past)
    assert [found.entry.id for found in known.queries.search("4711")] == ["m1"]
    assert known.queries.search("4712") == ()
    past.happened(Revoke(id="r1", of="m1"))
    assert said(known.after(past)) == ["assistant: noted"]
    assert known.queries.search("4711") == ()


def test_a_turn_that_starts_again_is_replaced(known: Known, past: Past) -> None:
    """Both are shown, the first one as replaced by the second."""
    past.message("m1", "ten, please")
    past.turn("t1", "m1")
    past.happened(Edit(id="e1", of="m1", text="two, please"))
    past.happened(TurnStarted(turn="t2", messages=("m1",), backend="chat", at=NOON, seen=3, instead="t1"))
    second, first = known.after(past).queries.turns(ANA)
    assert (first.state, first.ended_seq, second.state) == ("replaced", 4, "running")
    (why,) = known.queries.why("m1")
    assert [turn.id for turn in why.former_turns] == ["t1"]


def test_a_request_for_a_human_is_listed_until_one_comes(known: Known, past: Past) -> None:
    """The one that has waited longest first; the end of the pause alone is no answer."""
    for key in (BIA, ANA):
        past.message("m1", "help", key, name="A person")
        past.happened(Attention(id="t1.h", text="wants a refund", by="model", at=past.now), key)
        until = past.now + timedelta(minutes=30)
        past.happened(Paused(until=until, at=past.now, reason="handed_off", after="t1.h"), key)
    past.happened(Resumed(at=past.now), BIA)
    asking = known.after(past).queries.attention()
    assert [(view.chat, view.text, view.name) for view in asking] == [
        (BIA.chat, "wants a refund", "A person"),
        (ANA.chat, "wants a refund", "A person"),
    ]
    (chat,) = [view for view in known.queries.chats() if view.chat == ANA.chat]
    assert (chat.paused_for, chat.attention) == ("handed_off", "wants a refund")
    past.said("I am here.", key=ANA)
    assert [view.chat for view in known.after(past).queries.attention()] == [BIA.chat]
