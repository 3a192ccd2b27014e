"""The parts that tools and orders give: kept, bounded, and sent with the answer, whose text always reads in full."""

from __future__ import annotations

import pytest

from chat.commands import Answered, RunReady, ToolAsked, ToolFinished
from chat.decide import NOT_SENT
from chat.limits import LONGEST_SEND
from chat.parts import parts_of
from chat.work import CallTool, Obey
from events import codec
from events.decisions import Ignored, Reply
from events.parts import MOST_PARTS, Option, Part
from events.tool_calls import ToolReturned
from events.usage import TokenUsage
from tests.chat.story import Story, order, text

SIZES = Part(kind="choices", choices=(Option(id="s", title="Small"), Option(id="l", title="Large")))
MENU = Part(kind="document", url="https://example.org/menu.pdf", filename="menu.pdf")
PLACE = Part(kind="location", latitude=-23.5, longitude=-46.6, name="Bakery")


def given_by_tools(story: Story, turn: str, *sent: tuple[Part, ...]) -> list[ToolReturned]:
    """The model calls a tool for each of `sent`, which gives these parts."""
    returned = []
    for number, parts in enumerate(sent, 1):
        story.does(ToolAsked(turn, f"c{number}", "menu", f'{{"n": {number}}}'))
        decision = story.does(ToolFinished(turn, f"c{number}", "done", failed=False, send=parts))
        assert isinstance(decision, ToolReturned)
        returned.append(decision)
    return returned


def answer(story: Story, turn: str, words: str, run: str | None = None) -> Reply:
    decision = story.does(Answered(turn, words, "model", run, TokenUsage()))
    assert isinstance(decision, Reply)
    return decision


def sent(story: Story, **fields: object) -> Reply | Ignored:
    story.given(order("k1", "send", **fields))
    (work,) = [work for work in story.pending() if isinstance(work, Obey)]
    decision = story.does(work)
    assert isinstance(decision, Reply | Ignored)
    return decision


def test_the_answer_has_the_parts_of_the_tools_in_call_order() -> None:
    """Then come the model's words; the text reads all of it."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    given_by_tools(story, turn, (MENU,), (PLACE,))
    reply = answer(story, turn, "Here it is.")
    assert [part.kind for part in parts_of(reply)] == ["document", "location", "text"]
    assert reply.text == (
        "📄 menu.pdf\nhttps://example.org/menu.pdf\n\n📍 Bakery\nhttps://maps.google.com/?q=-23.5,-46.6\n\nHere it is."
    )
    assert story.chat.turn is None


def test_choices_without_a_question_take_the_words() -> None:
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    given_by_tools(story, turn, (SIZES, MENU))
    reply = answer(story, turn, "Which size?")
    assert [part.kind for part in parts_of(reply)] == ["document", "choices"]
    assert reply.text.endswith("Which size?\n\n1. Small\n2. Large")


def test_an_answer_without_words_is_one_where_there_are_parts() -> None:
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    given_by_tools(story, turn, (SIZES,))
    reply = answer(story, turn, "")
    assert parts_of(reply) == (SIZES,)
    assert reply.text == "1. Small\n2. Large"


def test_an_answer_without_parts_has_none() -> None:
    """Its bytes are those of older releases."""
    story = Story().given(text("m1"))
    reply = answer(story, story.starts_a_turn(), "Hello.")
    assert parts_of(reply) == ()
    assert b"parts" not in codec.encode(reply)


@pytest.mark.parametrize(
    "parts",
    [
        (Part(kind="location", latitude=1.0),),
        (Part(kind="hologram", text="of a newer version"),),
        (Part(kind="image", url="http://example.org/a.png"),),
        (PLACE,) * (MOST_PARTS + 1),
        (SIZES, SIZES),
        (Part(kind="text", text="x" * 65_000), Part(kind="text", text="x" * 1_000)),
    ],
)
def test_malformed_parts_go_back_to_the_model(parts: tuple[Part, ...]) -> None:
    """The call failed, its words tell why, and the answer has none of them."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    (returned,) = given_by_tools(story, turn, parts)
    assert returned.failed
    assert returned.send == ()
    assert returned.output.startswith(NOT_SENT.partition("{")[0])
    assert returned.output.endswith("done")
    assert parts_of(answer(story, turn, "Sorry.")) == ()


def test_the_bound_is_one_of_the_whole_answer() -> None:
    """Nine places and the words make ten parts; the tenth place is one too many."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    last = given_by_tools(story, turn, *[(PLACE,)] * MOST_PARTS)[-1]
    assert last.failed
    assert len(parts_of(answer(story, turn, "There."))) == MOST_PARTS


def test_an_answer_of_any_length_is_a_reply_that_can_be_read() -> None:
    """Its part holds what an event may hold, its text the whole."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    given_by_tools(story, turn, (PLACE,))
    long = "x" * (LONGEST_SEND + 5)
    reply = answer(story, turn, long)
    assert reply.text.endswith(long)
    assert codec.decode("reply", codec.encode(reply)) == reply


def test_the_same_call_of_a_lost_run_gives_its_parts_once() -> None:
    """The tool is not called again; the second attempt has the parts of the first."""
    story = Story(Story().rules).given(text("m1"))
    turn = story.starts_a_turn()
    story.does(RunReady(turn, "run1", 1))
    story.does(ToolAsked(turn, "c1", "menu", "{}"))
    story.does(ToolFinished(turn, "c1", "done", failed=False, send=(MENU,)))
    story.does(RunReady(turn, "run2", 2))
    story.does(ToolAsked(turn, "c9", "menu", "{}"))
    (call,) = [work for work in story.pending() if isinstance(work, CallTool)]
    assert call.memo is not None
    assert (call.memo.output, call.memo.send) == ("done", (MENU,))
    story.does(ToolFinished(turn, "c9", "done", failed=False, send=call.memo.send))
    reply = answer(story, turn, "Here.", "run2")
    assert [part.kind for part in parts_of(reply)] == ["document", "text"]


def test_a_run_that_goes_on_keeps_its_parts() -> None:
    """A provider that makes a run of every answer to tools: the parts of all of them count."""
    story = Story().given(text("m1"))
    turn = story.starts_a_turn()
    story.does(RunReady(turn, "run1", 1))
    story.does(ToolAsked(turn, "c1", "menu", "{}"))
    story.does(ToolFinished(turn, "c1", "done", failed=False, send=(MENU,)))
    story.does(RunReady(turn, "run2", 1))
    assert [part.kind for part in parts_of(answer(story, turn, "Here.", "run2"))] == ["document", "text"]


def test_an_operator_sends_parts() -> None:
    """They end the waiting messages as words do, and quote the message that is named."""
    reply = sent(Story().given(text("m1")), parts=(MENU, SIZES), text="Which size?", quote="m1")
    assert isinstance(reply, Reply)
    assert reply.in_reply_to == ("m1",)
    assert reply.quote == "m1"
    assert [part.kind for part in parts_of(reply)] == ["document", "choices"]
    assert "1. Small\n2. Large" in reply.text


def test_parts_need_no_words() -> None:
    reply = sent(Story(), parts=(PLACE,))
    assert isinstance(reply, Reply)
    assert reply.text.startswith("📍 Bakery")


@pytest.mark.parametrize("parts", [(Part(kind="location"),), (SIZES, SIZES), (PLACE,) * (MOST_PARTS + 1)])
def test_an_order_with_malformed_parts_is_refused(parts: tuple[Part, ...]) -> None:
    decision = sent(Story().given(text("m1")), parts=parts, text="hello")
    assert isinstance(decision, Ignored)
    assert (decision.reason, decision.messages, decision.cause) == ("malformed_parts", (), "k1")
