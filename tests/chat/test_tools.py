"""A turn whose model asks for tools: each call is written down before it is made, and its output once."""

from __future__ import annotations

import msgspec
import pytest

from chat.commands import Answered, RunReady, ThreadReady, ToolAsked, ToolFinished
from chat.decide import MOST_CALLS
from chat.work import Adopt, AwaitRun, CallTool, StartRun, WriteReply
from events.decisions import Reply, TurnFailed
from events.tool_calls import ToolCalled, ToolReturned
from events.usage import TokenUsage
from tests.chat.story import ME, SETTING, Story, text


def asked(turn: str, call: str = "c1", name: str = "price", arguments: str = '{"bread": 2}') -> ToolAsked:
    return ToolAsked(turn, call, name, arguments)


def test_a_call_is_written_down_then_made_then_its_output_kept() -> None:
    """The log has the call before it is made; with its output the model is asked again."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    assert isinstance(story.does(asked(turn)), ToolCalled)
    (call,) = story.pending()
    assert isinstance(call, CallTool)
    assert (call.call.name, call.call.by, call.memo) == ("price", ME, None)
    assert isinstance(story.does(ToolFinished(turn, "c1", "4.20", failed=False)), ToolReturned)
    (write,) = story.pending()
    assert isinstance(write, WriteReply)
    assert [call.output for call in write.turn.current_calls] == ["4.20"]
    assert isinstance(story.does(Answered(turn, "That is 4.20.", "model", None, TokenUsage())), Reply)
    assert story.pending() == ()


@pytest.mark.parametrize("usage", [TokenUsage(), TokenUsage.of(0, 0, 0, 0), TokenUsage(cached_tokens=0)])
def test_a_call_that_costs_nothing_writes_no_cost(usage: TokenUsage) -> None:
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(asked(turn))
    returned = story.does(ToolFinished(turn, "c1", "4.20", failed=False, usage=usage))
    assert b"usage" not in msgspec.json.encode(returned)


def test_calls_asked_for_together_are_all_pending() -> None:
    """Two calls are made side by side; the model is asked again when both have their output."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(asked(turn, "c1"))
    story.does(asked(turn, "c2"))
    assert [work.call.id for work in story.pending() if isinstance(work, CallTool)] == ["c1", "c2"]
    story.does(ToolFinished(turn, "c2", "b", failed=False))
    assert [work.call.id for work in story.pending() if isinstance(work, CallTool)] == ["c1"]
    story.does(ToolFinished(turn, "c1", "a", failed=True))
    assert isinstance(story.pending()[0], WriteReply)


def test_the_same_call_and_the_same_output_count_once() -> None:
    """A second one decides nothing."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(asked(turn))
    assert story.when(asked(turn)) is None
    story.does(ToolFinished(turn, "c1", "4.20", failed=False))
    assert story.when(ToolFinished(turn, "c1", "9.99", failed=False)) is None


def misfit(story: Story, turn: str, call: str, name: str = "price") -> ToolReturned:
    """The model calls the tool with arguments that do not fit."""
    story.does(asked(turn, call, name, "{}"))
    returned = story.does(ToolFinished(turn, call, "The arguments do not fit: bread is missing", True, unfit=True))
    assert isinstance(returned, ToolReturned)
    assert returned.failed
    assert returned.unfit
    return returned


def test_arguments_that_do_not_fit_go_back_once() -> None:
    """The model is told the fault, and may try again; it still has the tool."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    assert misfit(story, turn, "c1").output == "The arguments do not fit: bread is missing"
    (write,) = story.pending()
    assert isinstance(write, WriteReply)
    assert write.turn.withheld == frozenset()


def test_the_second_time_the_model_has_to_do_without_that_tool() -> None:
    """It is told so, the tool is withheld for the rest of the turn, and a call of it is not made any more."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    misfit(story, turn, "c1")
    output = misfit(story, turn, "c2").output
    assert output.startswith("The arguments do not fit: bread is missing\n")
    assert "do not call price again" in output
    (write,) = story.pending()
    assert isinstance(write, WriteReply)
    assert write.turn.withheld == {"price"}
    story.does(asked(turn, "c3"))
    story.does(asked(turn, "c4", "stock"))
    assert [(work.call.id, work.withheld) for work in story.pending() if isinstance(work, CallTool)] == [
        ("c3", True),
        ("c4", False),
    ]


def test_each_tool_has_its_own_second_chance() -> None:
    """And a turn starts with none used up."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    misfit(story, turn, "c1")
    assert "\n" not in misfit(story, turn, "c2", "stock").output
    story.does(Answered(turn, "I do not know.", "model", None, TokenUsage()))
    turn = story.given(text("m2")).starts_a_turn()
    assert "\n" not in misfit(story, turn, "c3").output


def test_a_call_that_comes_again_with_its_output_there_fails_the_turn() -> None:
    """A model that gives every call the same id would be asked for ever."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(asked(turn))
    story.does(ToolFinished(turn, "c1", "4.20", failed=False))
    failed = story.does(asked(turn))
    assert isinstance(failed, TurnFailed)
    assert failed.error.class_ == "malformed_answer"


def test_another_run_may_use_the_same_id() -> None:
    """Ids are a provider's own for each run: the call is written down for the new one, and has its own output."""
    story = with_threads()
    turn = story.starts_a_turn()
    story.does(RunReady(turn, "run-1", 1))
    story.does(asked(turn))
    story.does(ToolFinished(turn, "c1", "4.20", failed=False))
    story.does(RunReady(turn, "run-2", 2))
    story.does(asked(turn, arguments='{"bread": 3}'))
    story.does(ToolFinished(turn, "c1", "6.30", failed=False))
    (wait,) = story.pending()
    assert isinstance(wait, AwaitRun)
    assert [call.output for call in wait.turn.calls] == ["4.20", "6.30"]
    assert [call.output for call in wait.turn.current_calls] == ["6.30"]


def test_a_model_that_goes_round_in_circles_fails_its_turn() -> None:
    """After so many calls the next one ends the turn, and the person is told."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    for number in range(MOST_CALLS):
        story.does(asked(turn, f"c{number}"))
        story.does(ToolFinished(turn, f"c{number}", "again", failed=False))
    failed = story.does(asked(turn, "one-too-many"))
    assert isinstance(failed, TurnFailed)
    assert failed.error.class_ == "too_many_calls"


def test_a_call_keeps_who_made_it_through_an_adoption() -> None:
    """After a crash the shell sees that another incarnation may have made the call already."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(asked(turn))
    story.rules = type(SETTING)("here-2", "chat", SETTING.stale_after)
    assert story.pending() == (Adopt(turn),)
    story.does(Adopt(turn))
    (call,) = story.pending()
    assert isinstance(call, CallTool)
    assert call.call.by == ME


def with_threads() -> Story:
    return Story(type(SETTING)(ME, "responses", SETTING.stale_after, keeps_threads=True)).given(text("m1"))


def test_a_run_is_logged_before_it_is_waited_for() -> None:
    """First the thread, then the run's id, then the wait."""
    story = with_threads()
    turn = story.starts_a_turn()
    assert isinstance(story.pending()[0], StartRun)
    story.does(RunReady(turn, "run-1", 1))
    (wait,) = story.pending()
    assert isinstance(wait, AwaitRun)
    assert wait.run == "run-1"


def test_another_attempt_waits_for_the_new_run() -> None:
    """A lost run is replaced by the next attempt's."""
    story = with_threads()
    turn = story.starts_a_turn()
    story.does(RunReady(turn, "run-1", 1))
    story.does(RunReady(turn, "run-2", 2))
    (wait,) = story.pending()
    assert isinstance(wait, AwaitRun)
    assert (wait.run, wait.turn.attempt) == ("run-2", 2)


def test_a_replaced_thread_starts_another_run_and_remembers_what_tools_gave() -> None:
    """The call of the lost run is not made twice: asked for again, it has its memo."""
    story = with_threads()
    turn = story.starts_a_turn()
    story.does(RunReady(turn, "run-1", 1))
    story.does(asked(turn))
    story.does(ToolFinished(turn, "c1", "4.20", failed=False))
    story.does(ThreadReady(turn, "responses", "thread-2", "replaced"))
    assert isinstance(story.pending()[0], StartRun)
    story.does(RunReady(turn, "run-2", 1))
    story.does(asked(turn, "c9"))
    call = story.pending()[0]
    assert isinstance(call, CallTool)
    assert call.memo is not None
    assert (call.call.id, call.memo.output) == ("c9", "4.20")
