"""The look-up before the model is asked: when it is pending."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chat.commands import RunReady, ToolFinished
from chat.context import Line, readable
from chat.first_look import EARLIER, LONGEST_QUERY, SHORT, asked, query_of
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


def test_lines_of_a_person_are_no_phrasings_of_one_question() -> None:
    assert query_of([Line("user", "price\nof rye"), Line("user", "rye  bread")]) == "price of rye rye bread"


WHOLE = "is there anything without gluten?"


@pytest.mark.parametrize(
    ("words", "before", "also"),
    [
        ("and rye?", [WHOLE], [WHOLE]),
        ("and rye?", ["how much?", WHOLE], [WHOLE]),
        ("and rye?", [WHOLE, "how\nmuch?"], ["how much?", WHOLE]),
        ("and rye?", [WHOLE, "thanks", "how much?"], ["how much?", "thanks"]),
        ("and rye?", [WHOLE, ""], [WHOLE]),
        ("and rye?", [], []),
        ("", [WHOLE], []),
        ("x" * SHORT, [WHOLE], [WHOLE]),
        ("x" * (SHORT + 1), [WHOLE], []),
    ],
)
def test_short_words_are_looked_up_with_the_message_before(words: str, before: list[str], also: list[str]) -> None:
    """And with the one before that, if that one is short too."""
    history = [line for text in before for line in (Line("user", text), Line("assistant", "Answer."))]
    assert query_of([Line("user", words)], history).split("\n") == [words, *also]


def test_in_a_group_they_are_looked_up_with_the_same_person_s() -> None:
    history = [Line("user", WHOLE, "Ana"), Line("user", "and cake?", "Bia")]
    assert query_of([Line("user", "how much?", "Ana")], history) == f"how much?\n{WHOLE}"


@given(st.text(), st.lists(st.tuples(st.sampled_from(("user", "assistant")), st.text())))
def test_a_query_begins_with_the_words_of_the_messages(text: str, history: list[tuple[Any, str]]) -> None:
    query = query_of([Line("user", text)], [Line(*line) for line in history])
    assert len(query) <= LONGEST_QUERY
    own, *earlier = query.split("\n")
    assert len(earlier) <= EARLIER
    assert own == " ".join(readable(text).split())[-LONGEST_QUERY:]
    assert not earlier or 0 < len(own) <= SHORT


def test_there_is_none_where_the_model_looks_up() -> None:
    story = Story().given(text("m1"))
    story.starts_a_turn()
    assert [type(one) for one in story.pending()] == [WriteReply]
