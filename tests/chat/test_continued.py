"""A run that goes on as another run of the same attempt: its calls stay with the run that made them."""

from __future__ import annotations

from chat.commands import RunReady, ToolAsked, ToolFinished
from chat.turn import Running
from chat.work import AwaitRun, CallTool
from tests.chat.story import ME, SETTING, Story, text


def asks_in_run_1() -> tuple[Story, str]:
    """The first run asked for a tool and has its output."""
    story = Story(type(SETTING)(ME, "responses", SETTING.stale_after, keeps_threads=True)).given(text("m1"))
    turn = story.starts_a_turn()
    story.does(RunReady(turn, "run-1", 1))
    story.does(ToolAsked(turn, "c1", "price", "{}"))
    story.does(ToolFinished(turn, "c1", "4.20", failed=False))
    return story, turn


def test_the_run_that_goes_on_is_waited_for() -> None:
    """The next run of the same attempt takes the first one's place; its calls are its own."""
    story, turn = asks_in_run_1()
    (wait,) = story.pending()
    assert isinstance(wait, AwaitRun)
    assert [call.id for call in wait.turn.current_calls] == ["c1"]
    story.does(RunReady(turn, "run-2", 1))
    (wait,) = story.pending()
    assert isinstance(wait, AwaitRun)
    assert (wait.turn.phase, wait.turn.attempt) == (Running("run-2", ("run-1", "run-2")), 1)
    assert wait.turn.current_calls == ()


def test_a_call_repeated_within_an_attempt_is_made_again() -> None:
    """The model asks twice on purpose: to look again is not to have lost the first answer."""
    story, turn = asks_in_run_1()
    story.does(RunReady(turn, "run-2", 1))
    story.does(ToolAsked(turn, "c2", "price", "{}"))
    (call,) = story.pending()
    assert isinstance(call, CallTool)
    assert call.memo is None


def test_a_call_of_a_lost_attempt_is_not_made_again() -> None:
    """Both runs of the first attempt are lost: what their call gave is given again."""
    story, turn = asks_in_run_1()
    story.does(RunReady(turn, "run-2", 1))
    story.does(RunReady(turn, "run-3", 2))
    story.does(ToolAsked(turn, "c3", "price", "{}"))
    (call,) = story.pending()
    assert isinstance(call, CallTool)
    assert call.memo is not None
    assert call.memo.output == "4.20"
