"""The message that an answer quotes, and previews of links: by the profile, by a tool, by an operator."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from chat.commands import Answered, RunReady, ToolAsked, ToolFinished
from chat.work import CallTool
from events import codec
from events.decisions import Reply
from events.parts import Part
from events.usage import TokenUsage
from tests.chat.story import Story, text
from tests.chat.test_parts_in_turns import answer, sent


def answered(quote: str, *, by_tool: bool = False) -> Any:
    story = Story().given(text("m1"), text("m2"))
    turn = story.starts_a_turn()
    if by_tool:
        story.does(ToolAsked(turn, "c1", "price", "{}"))
        story.does(ToolFinished(turn, "c1", "4.20", failed=False, quote=True))
    decision = story.does(Answered(turn, "hi", "model", None, TokenUsage()), quote=quote)
    assert isinstance(decision, Reply)
    return decision.quote


@pytest.mark.parametrize(("setting", "quote"), [("unclear", UNSET), ("always", "m2"), ("never", "")])
def test_the_setting_chooses(setting: str, quote: Any) -> None:
    """`unclear` leaves it to the gateway, which knows what was written after."""
    assert answered(setting) == quote
    assert answered(setting, by_tool=True) == "m2", "a tool's wish counts in any case"


def test_a_wish_of_a_tool_goes_with_its_attempt() -> None:
    """That of a lost run counts only if the call is repeated, from the log."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(RunReady(turn, "run-1", 1))
    story.does(ToolAsked(turn, "c1", "price", "{}"))
    returned = story.does(ToolFinished(turn, "c1", "4.20", failed=False, quote=True))
    assert codec.decode("tool_returned", codec.encode(returned)) == returned
    story.does(RunReady(turn, "run-2", 2))
    assert story.chat.turn is not None
    assert not story.chat.turn.quotes
    story.does(ToolAsked(turn, "c2", "price", "{}"))
    (call,) = [work for work in story.pending() if isinstance(work, CallTool)]
    assert call.memo is not None
    assert (call.memo.output, call.memo.quote) == ("4.20", True)
    story.does(ToolFinished(turn, "c2", "4.20", failed=False, quote=call.memo.quote))
    assert answer(story, turn, "hi", "run-2").quote == "m1"


def test_an_operator_chooses() -> None:
    """One of the person's messages, or one of ours; without a choice the gateway sees."""
    for quote in ("m1", "r1", "r1#2"):
        reply = sent(Story(), text="hi", quote=quote)
        assert isinstance(reply, Reply)
        assert reply.quote == quote
    assert sent(Story(), text="hi").quote is UNSET  # type: ignore[union-attr]


def test_previews_are_marked_on_the_reply() -> None:
    """Those of the model and of orders; another reply has no mark."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    marked = story.does(Answered(turn, "hi", "model", None, TokenUsage()), previews=True)
    assert isinstance(marked, Reply)
    assert marked.previews is True
    assert b"previews" not in codec.encode(sent(Story(), parts=(Part(kind="text", text="hi"),)))
