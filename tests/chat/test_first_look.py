"""The look-up before the model is asked: when it is pending."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chat.commands import RunReady, ToolFinished
from chat.context import Line
from chat.first_look import asked
from chat.work import AwaitRun, CallTool, LookUpFirst, StartRun, WriteReply
from events.tool_calls import Passage
from tests.chat.story import SETTING, Story, text

PASSAGE = Passage("shop/prices.pdf", 7, 2)


@pytest.mark.parametrize("keeps_threads", [True, False])
def test_it_comes_once_and_before_the_model(keeps_threads: bool) -> None:
    story = Story(replace(SETTING, looks_up_first=True, keeps_threads=keeps_threads)).given(text("m1"))
    turn = story.starts_a_turn()
    (first,) = story.pending()
    assert isinstance(first, LookUpFirst)
    call = asked(turn, [Line("user", "hello")])
    story.does(call)
    (work,) = story.pending()
    assert isinstance(work, CallTool)
    story.does(ToolFinished(turn, call.call, "It is 2.", failed=False, passages=(PASSAGE,)))
    (work,) = story.pending()
    assert isinstance(work, StartRun if keeps_threads else WriteReply)
    assert [one.passages for one in work.turn.calls] == [(PASSAGE,)]
    if keeps_threads:
        story.does(RunReady(turn, "run1", 1))
        assert [type(one) for one in story.pending()] == [AwaitRun]


def test_there_is_none_where_the_model_looks_up() -> None:
    story = Story().given(text("m1"))
    story.starts_a_turn()
    assert [type(one) for one in story.pending()] == [WriteReply]
