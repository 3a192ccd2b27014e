"""Controls: each is pending until a decision names it as its cause."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chat.commands import Answered
from chat.work import CreateThread, EndBurst, Obey, Resume, WriteReply
from events.decisions import Ignored, Paused, Reply, Reset, Resumed
from events.usage import TokenUsage
from tests.chat.story import NOON, Story, order, text


@pytest.mark.parametrize("command", ["pause", "resume", "reset", "erase", "retry", "send"])
def test_every_order_is_answered_once(command: str) -> None:
    """For every order one decision names it, and then it is no longer pending."""
    story = Story().given(order("c1", command))
    (decision,) = story.works_off_what_is_due()
    assert getattr(decision, "cause", None) == "c1"
    assert story.chat.orders == ()


def test_a_pause_ends_by_itself_at_its_time() -> None:
    """`until` is waited for on the bus's clock, and `resumed` without a cause ends it."""
    until = NOON + timedelta(minutes=30)
    story = Story().given(Paused(until=until, at=NOON))
    assert story.pending() == (Resume(until),)
    assert story.when(Resume(until)) is None, "before its time"
    story.now = until
    assert isinstance(story.does(Resume(until)), Resumed)
    assert story.pending() == ()


def test_a_message_stored_after_the_pause_ran_out_is_answered() -> None:
    """No instance was there to resume in time: the message waits for `resumed`, it is not ignored."""
    until = NOON + timedelta(seconds=1)
    story = Story().given(Paused(until=until, at=NOON), text("m1"))
    assert story.pending() == (Resume(until),)
    story.does(Resume(until))
    assert story.pending() == (EndBurst(2, 2),)


def test_resume_picks_up_what_is_open() -> None:
    """An order comes before refusals: messages that wait when `resume` is decided are answered."""
    story = Story().given(Paused(until=None, at=NOON), text("m1"), order("c1", "resume"))
    assert isinstance(story.works_off_what_is_due()[0], Resumed)
    assert story.pending() == (EndBurst(2, 2),)


def test_a_reset_starts_a_new_thread() -> None:
    """Messages from before the order are no longer context; the next turn has a thread of its own."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(Answered(turn, "hi", "model", None, TokenUsage()))
    story.given(order("c1", "reset"))
    reset = story.does(Obey(order("c1", "reset"), 5))
    assert isinstance(reset, Reset)
    assert reset.upto == 5
    story.given(text("m2"))
    story.does(EndBurst(7, 7))
    (create,) = story.pending()
    assert isinstance(create, CreateThread)
    assert create.reason == "reset"
    assert story.chat.reset_upto == 5


def test_a_humans_words_end_the_open_messages() -> None:
    """`send` answers the messages that run and wait; the running turn is over, its late answer decides nothing."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.given(text("m2"), order("c1", "send", text="I am here.", by="ana"))
    reply = story.works_off_what_is_due()[0]
    assert isinstance(reply, Reply)
    assert (reply.author, reply.in_reply_to, reply.text) == ("operator", ("m1", "m2"), "I am here.")
    assert story.pending() == ()
    assert story.when(Answered(turn, "late", "model", None, TokenUsage())) is None


def test_an_empty_send_is_refused() -> None:
    """Nothing is said, and the order has its answer."""
    (ignored,) = Story().given(order("c1", "send", text=" ")).works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert ignored.reason == "empty"


def test_another_backend_gets_a_thread_of_its_own() -> None:
    """After OPENAI_API_MODE was changed, the next turn switches threads."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(Answered(turn, "hi", "model", None, TokenUsage()))
    story.rules = type(story.rules)(story.rules.incarnation, "scripted", story.rules.stale_after)
    story.given(text("m2"))
    turn = story.starts_a_turn()
    assert story.chat.thread is not None
    assert story.chat.thread.backend == "scripted"
    assert isinstance(story.pending()[0], WriteReply)
