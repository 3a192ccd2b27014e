"""A chat's budget for a day: beyond it, messages end without a call, and the person is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chat.commands import Answered, Failed, RunReady, ToolAsked, ToolFinished
from chat.work import EndBurst, Notify, Rules
from events.decisions import Ignored, Reply, TurnStarted
from events.usage import TokenUsage
from tests.chat.story import ME, NOON, SETTING, Story, order, text

DAY = NOON.date().isoformat()
FRUGAL = Rules(ME, "chat", SETTING.stale_after, budget=100)


def spent(*tokens: int) -> Story:
    """A chat that was answered so often, each time at this cost."""
    story = Story(FRUGAL)
    for number, cost in enumerate(tokens):
        story.given(text(f"m{number}"))
        turn = story.starts_a_turn()
        story.does(Answered(turn, "hi", "model", None, TokenUsage(cost - 1, 1)))
    return story


def test_a_message_beyond_it_is_ignored_before_any_call() -> None:
    """With its reason; the notice about that message is pending next."""
    story = spent(60, 40).given(text("m8"), text("m9"))
    (refusal,) = story.pending()
    ignored = story.does(refusal, words={"budget": "Enough for today."})  # type: ignore[arg-type]
    assert isinstance(ignored, Ignored)
    assert (ignored.messages, ignored.reason, ignored.told) == (("m8", "m9"), "budget", True)
    assert story.pending() == (Notify("m8"),)
    notice = story.does(Notify("m8"), words={"budget": "Enough for today."})
    assert isinstance(notice, Reply)
    assert (notice.text, notice.author, notice.about, notice.in_reply_to) == ("Enough for today.", "system", "m8", ())
    assert story.pending() == ()


def test_one_word_is_enough_for_all_that_wait() -> None:
    """More than one event can name: several endings, one text."""
    story = spent(100).given(*(text(f"w{number}") for number in range(1500)))
    (first,) = story.pending()
    story.does(first, words={"budget": "Enough."})  # type: ignore[arg-type]
    second = story.does(story.pending()[0], words={"budget": "Enough."})  # type: ignore[arg-type]
    assert isinstance(second, Ignored)
    assert not second.told
    assert story.pending() == (Notify("w0"),)


def test_without_a_text_the_person_is_not_told() -> None:
    """An empty setting."""
    story = spent(100).given(text("m9"))
    (ignored,) = story.works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert not ignored.told


def test_below_it_the_chat_is_answered() -> None:
    """Up to the last token."""
    assert isinstance(spent(60, 39).given(text("m9")).pending()[0], EndBurst)


def test_the_count_begins_again_on_the_next_day() -> None:
    """By the log's clock, in UTC."""
    story = spent(100)
    story.now = NOON.replace(hour=23, minute=59)
    story.given(text("m8")).works_off_what_is_due()
    story.now += timedelta(minutes=2)
    assert isinstance(story.given(text("m9")).pending()[0], EndBurst)


def test_no_budget_is_no_limit() -> None:
    """The default."""
    story = spent(1000)
    story.rules = SETTING
    assert isinstance(story.given(text("m9")).pending()[0], EndBurst)


@pytest.mark.parametrize("ending", ["reply", "failure", "pause"])
def test_every_request_of_a_turn_counts_however_it_ends(ending: str) -> None:
    """Also those that only asked for tools; an operator's words cost nothing."""
    story = Story(FRUGAL).given(text("m1"))
    turn = story.starts_a_turn()
    story.does(ToolAsked(turn, "c1", "price", "{}", TokenUsage(50, 5)))
    story.does(ToolFinished(turn, "c1", "4.20", failed=False))
    if ending == "reply":
        reply = story.does(Answered(turn, "4.20", "model", None, TokenUsage(60, 6)))
        assert isinstance(reply, Reply)
        assert reply.usage == TokenUsage(110, 11)
    elif ending == "failure":
        story.does(Failed(turn, "timeout", "no answer"))
    else:
        story.given(order("c1", "pause")).works_off_what_is_due()
    assert story.chat.spent is not None
    assert story.chat.spent.tokens == (121 if ending == "reply" else 55)


def test_the_cost_of_a_lost_run_is_in_the_reply() -> None:
    """The log knows it from the start of the next attempt."""
    story = Story(Rules(ME, "assistants", SETTING.stale_after, keeps_threads=True)).given(text("m1"))
    turn = story.starts_a_turn()
    story.does(RunReady(turn, "run-1", 1))
    story.does(RunReady(turn, "run-2", 2, TokenUsage(30, 3)))
    reply = story.does(Answered(turn, "hi", "model", "run-2", TokenUsage(40, 4)))
    assert isinstance(reply, Reply)
    assert reply.usage == TokenUsage(70, 7)


def test_a_retry_by_hand_is_made_in_any_case() -> None:
    """A human has looked at it and wants an answer."""
    story = Story(FRUGAL).given(text("m1"))
    turn = story.starts_a_turn()
    story.does(ToolAsked(turn, "c1", "price", "{}", TokenUsage(100, 0)))
    story.does(Failed(turn, "timeout", "no answer"))
    story.works_off_what_is_due()
    control = order("c1", "retry")
    story.given(control)
    (obey, *_) = story.pending()
    assert isinstance(story.does(obey, failed=("m1",)), TurnStarted)  # type: ignore[arg-type]
