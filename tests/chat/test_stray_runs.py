"""A turn is over, or goes on in another thread, and a run of it may still work: it is stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chat.commands import Answered, Failed, RunReady, ThreadReady, ToolAsked, ToolFinished
from chat.decide import MOST_CALLS
from chat.fold_constants import STOPPED_WITHIN
from chat.pending import has_pending_work, wakes
from chat.state import Stray
from chat.work import Obey, Rules, StopRun
from events.decisions import Ignored, Reply, TurnFailed
from events.usage import TokenUsage
from tests.chat.story import ME, SETTING, Story, order, text

THREADS = Rules(ME, "assistants", SETTING.stale_after, keeps_threads=True)


def running(setting: Rules = THREADS, *, run: str | None = "run-1") -> tuple[Story, str]:
    """A turn whose run is at work, or about to be asked for."""
    story = Story(setting).given(text("m1"))
    turn = story.starts_a_turn()
    if run is not None:
        story.does(RunReady(turn, run, 1))
    return story, turn


def stops(story: Story) -> list[tuple[str, str, str | None]]:
    strays = [work.stray for work in story.pending() if isinstance(work, StopRun)]
    return [(stray.turn, stray.thread, stray.run) for stray in strays]


def paused(story: Story, _: str) -> None:
    story.given(order("c1", "pause"))
    assert isinstance(story.works_off_what_is_due()[-1], Ignored)


def answered_by_hand(story: Story, _: str) -> None:
    story.given(order("c1", "send", text="A human is here."))
    assert isinstance(story.works_off_what_is_due()[-1], Reply)


def failed(story: Story, turn: str) -> None:
    story.does(Failed(turn, "timeout", "no answer"))


def failed_of_too_many_calls(story: Story, turn: str) -> None:
    for number in range(MOST_CALLS):
        story.does(ToolAsked(turn, f"c{number}", "price", "{}"))
        story.does(ToolFinished(turn, f"c{number}", "again", failed=False))
    assert isinstance(story.does(ToolAsked(turn, "one-too-many", "price", "{}")), TurnFailed)


def paused_while_a_tool_is_called(story: Story, turn: str) -> None:
    story.does(ToolAsked(turn, "c1", "price", "{}"))
    paused(story, turn)


ENDINGS = [paused, answered_by_hand, failed, failed_of_too_many_calls, paused_while_a_tool_is_called]


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_run_of_an_ended_turn_is_stopped(ending: Any) -> None:
    """All but its own reply."""
    story, turn = running()
    ending(story, turn)
    assert story.chat.turn is None
    assert stops(story) == [(turn, f"thread-{turn}", "run-1")]


@pytest.mark.parametrize("ending", [paused, answered_by_hand, failed])
def test_a_run_that_was_only_asked_for_is_stopped_too(ending: Any) -> None:
    """Its id is not known: the request may be under way."""
    story, turn = running(run=None)
    ending(story, turn)
    assert stops(story) == [(turn, f"thread-{turn}", None)]


def test_its_own_reply_leaves_nothing() -> None:
    """Nothing is to be stopped."""
    story, turn = running()
    story.does(Answered(turn, "hi", "model", "run-1", TokenUsage()))
    assert story.chat.strays == ()
    assert not wakes(story.chat)


def test_a_reset_in_the_middle_stops_the_run_in_the_old_thread() -> None:
    """The turn goes on in a new thread; its next run is not meant."""
    story, turn = running()
    story.given(order("c1", "reset"))
    story.does(Obey(order("c1", "reset"), len(story.events)))
    story.does(ThreadReady(turn, "assistants", "thread-2", "reset"))
    story.does(RunReady(turn, "run-2", 1))
    assert stops(story) == [(turn, f"thread-{turn}", "run-1")]


def test_another_attempt_in_the_same_thread_leaves_nothing() -> None:
    """The run before it has ended."""
    story, turn = running()
    story.does(RunReady(turn, "run-2", 2))
    assert story.chat.strays == ()


def test_a_crash_right_after_the_ending_forgets_nothing() -> None:
    """The chat has no pending work, and is woken all the same."""
    story, turn = running()
    failed(story, turn)
    story.works_off_what_is_due()
    assert not has_pending_work(story.chat)
    assert wakes(story.chat)
    story.rules = Rules("here-2", "assistants", SETTING.stale_after, keeps_threads=True)
    assert len(stops(story)) == 1


def test_a_turn_that_is_too_old_to_be_adopted_is_stopped() -> None:
    """recado was away for days: the messages are stale, and a run may have been left."""
    story, turn = running()
    story.rules = Rules("here-2", "assistants", SETTING.stale_after, keeps_threads=True)
    story.now += SETTING.stale_after + timedelta(hours=1)
    assert isinstance(story.works_off_what_is_due()[0], Ignored)
    assert [stop[0] for stop in stops(story)] == [turn]


def test_after_a_while_there_is_nothing_to_stop() -> None:
    """No provider lets a run work for so long; the next turn forgets it."""
    story, turn = running()
    failed(story, turn)
    story.works_off_what_is_due()
    story.now += STOPPED_WITHIN
    assert stops(story) == []
    story.given(text("m2"))
    story.starts_a_turn()
    assert story.chat.strays == ()


def test_another_mode_cannot_stop_it() -> None:
    """The provider of the mode before is not at hand."""
    story, turn = running()
    failed(story, turn)
    story.rules = Rules(ME, "responses", SETTING.stale_after, keeps_threads=True)
    assert stops(story) == []


def test_without_runs_at_the_provider_nothing_is_stopped() -> None:
    """Mode chat: the request is dropped, and with it the work."""
    story, turn = running(SETTING, run=None)
    failed(story, turn)
    assert story.chat.strays == ()


def test_many_that_fail_at_once_are_remembered_for_a_while_only() -> None:
    """The state stays small."""
    story = Story(THREADS)
    for number in range(50):
        story.given(text(f"m{number}"))
        failed(story, story.starts_a_turn())
        story.works_off_what_is_due()
        story.now += timedelta(minutes=3)
    assert len(story.chat.strays) <= 4
    assert all(isinstance(stray, Stray) for stray in story.chat.strays)
