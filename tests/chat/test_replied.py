"""A message is answered: burst, turn, thread, reply."""

from __future__ import annotations

from chat.commands import Answered, ThreadReady
from chat.work import CreateThread, EndBurst, WriteReply
from events.decisions import Reply, ThreadCreated, TurnStarted
from events.usage import TokenUsage
from tests.chat.story import KEY, Story, text

USAGE = TokenUsage(7, 3)


def answered(turn: str, words: str = "hi!") -> Answered:
    return Answered(turn, words, "model-1", "run-1", USAGE)


def test_a_message_waits_for_its_burst_to_end() -> None:
    """The wait is pending first; the effect names the first and the last message, so a new message starts the wait
    again."""
    story = Story().given(text("m1"))
    assert story.pending() == (EndBurst(1, 1),)
    assert story.given(text("m2")).pending() == (EndBurst(1, 2),)


def test_messages_of_a_burst_are_answered_together_in_order() -> None:
    """One turn names all of them, as they arrived, and the one reply ends them all."""
    story = Story().given(text("m1"), text("m2"), text("m3"))
    started = story.does(EndBurst(1, 3))
    assert isinstance(started, TurnStarted)
    assert started.messages == ("m1", "m2", "m3")
    story.given(ThreadCreated(backend="chat", thread="th", reason="first", at=story.now))
    reply = story.does(answered(started.turn))
    assert isinstance(reply, Reply)
    assert reply.in_reply_to == ("m1", "m2", "m3")
    assert story.pending() == ()


def test_the_first_turn_makes_a_thread_and_the_next_keeps_it() -> None:
    """A thread is created once and named in every reply."""
    story = Story().given(text("m1"))
    started = story.does(EndBurst(1, 1))
    assert isinstance(started, TurnStarted)
    assert story.pending() == (CreateThread(started.turn, 2, "chat", "first", 0),)
    story.does(ThreadReady(started.turn, "chat", "th-1", "first"))
    story.does(answered(started.turn))
    second = story.given(text("m2")).starts_a_turn()
    reply = story.does(answered(second))
    assert isinstance(reply, Reply)
    assert reply.thread == "th-1"


def test_the_reply_says_what_it_cost_and_who_it_is_for() -> None:
    """A reply event carries everything that an outside consumer needs."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    reply = story.does(answered(turn, "words"))
    assert isinstance(reply, Reply)
    assert (reply.chat, reply.account, reply.text) == (KEY.chat, KEY.account, "words")
    assert (reply.author, reply.backend, reply.model, reply.run, reply.usage) == (
        "assistant",
        "chat",
        "model-1",
        "run-1",
        USAGE,
    )


def test_messages_during_a_run_wait_for_the_next_turn() -> None:
    """They neither join the running turn nor stop it, and are answered together after it."""
    story = Story().given(text("m1"))
    first = story.starts_a_turn()
    running = story.pending()
    story.given(text("m2"), text("m3"))
    assert story.pending() == running
    assert isinstance(running[0], WriteReply)
    story.does(answered(first))
    story.starts_a_turn()
    assert story.chat.turn is not None
    assert story.chat.turn.messages == ("m2", "m3")


def test_a_late_answer_of_an_ended_turn_is_nothing() -> None:
    """A zombie's answer after the turn has ended decides nothing."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(answered(turn))
    assert story.when(answered(turn)) is None
    assert story.when(answered("never-started")) is None


def test_a_repeat_changes_nothing() -> None:
    """An id seen before is not answered again, at any time."""
    story = Story().given(text("m1"))
    before = story.chat
    assert story.given(text("m1"), repeat=True).chat is before
