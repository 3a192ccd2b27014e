"""A turn fails: the person is told, and a retry may open it again, once each time."""

from __future__ import annotations

from chat.commands import Answered, Failed
from chat.work import Apologise, EndBurst, Obey
from events.decisions import Ignored, Reply, TurnFailed, TurnStarted
from events.usage import TokenUsage
from tests.chat.story import Story, order, text


def failed_story() -> tuple[Story, str]:
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(Failed(turn, "bad_key", "Incorrect API key"))
    return story, turn


def test_the_failure_ends_the_messages_and_owes_an_apology() -> None:
    """`turn_failed` first, then the apology about that turn; nothing else is pending before it."""
    story, turn = failed_story()
    failed = story.events[-1].event
    assert isinstance(failed, TurnFailed)
    assert (failed.messages, failed.error.class_, failed.told) == (("m1",), "bad_key", True)
    assert story.given(text("m2")).pending() == (Apologise(turn),)
    apology = story.does(Apologise(turn))
    assert isinstance(apology, Reply)
    assert (apology.author, apology.about, apology.in_reply_to, apology.text) == ("system", turn, (), "Sorry.")
    assert story.pending() == (EndBurst(5, 5),)


def test_without_an_apology_text_the_person_is_not_told() -> None:
    """An empty setting: `told` is false and no apology is pending."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    failed = story.does(Failed(turn, "timeout", "no answer"), apology="")
    assert isinstance(failed, TurnFailed)
    assert not failed.told
    assert story.pending() == ()


def test_a_retry_reopens_what_failed() -> None:
    """The control is the cause of a turn with the failed messages, which ends once again."""
    story, turn = failed_story()
    story.does(Apologise(turn))
    story.given(order("c1", "retry"))
    started = story.does(Obey(order("c1", "retry"), 6), failed=("m1",))
    assert isinstance(started, TurnStarted)
    assert (started.messages, started.cause) == (("m1",), "c1")
    assert started.turn != turn
    reply = story.does(Answered(started.turn, "now", "model", None, TokenUsage()))
    assert isinstance(reply, Reply)
    assert reply.in_reply_to == ("m1",)
    assert story.pending() == ()


def test_a_retry_of_what_did_not_fail_is_answered_with_its_reason() -> None:
    """Nothing is reopened and the control is no longer pending."""
    story = Story().given(order("c1", "retry"))
    ignored = story.does(Obey(order("c1", "retry"), 1))
    assert isinstance(ignored, Ignored)
    assert (ignored.reason, ignored.cause, ignored.messages) == ("nothing_to_retry", "c1", ())
    assert story.pending() == ()


def test_a_retry_waits_for_the_running_turn() -> None:
    """One run at a time: the retry is pending until the turn has ended."""
    story = Story().given(text("m1"))
    story.starts_a_turn()
    running = story.pending()
    assert story.given(order("c1", "retry")).pending() == running
