"""Orders and what they led to: words of the assistant, nothing at all; and reactions when a turn starts."""

from __future__ import annotations

from typing import Any

import pytest

from events.decisions import Reply, Resumed
from events.parts import Part
from events.usage import TokenUsage
from projections.story.step import Step
from projections.story.story import story
from tests.projections.conftest import Known
from tests.projections.past import ANA, Past

EYES = Part(kind="reaction", to="m1", emoji="👀")


@pytest.fixture
def tell(known: Known, past: Past) -> Any:
    def steps(id_: str) -> list[Step]:
        (why,) = known.after(past).queries.why(id_)
        return story(why, past.now, past.events)

    return steps


def informed(past: Past, control: str = "c1") -> None:
    past.control(control, "send", text="Shipped.", takeover=False, by="shop")
    fields: dict[str, Any] = {"id": f"{control}.r", "model": None, "usage": TokenUsage()}
    past.reply(None, text="Shipped.", cause=control, **fields)


def reacted(past: Past, turn: str) -> None:
    past.happened(
        Reply(
            id=f"{turn}.k", turn=None, about=turn, chat=ANA.chat, account=ANA.account, text="👀", in_reply_to=(),
            author="system", at=past.now, parts=(EYES,),
        )
    )  # fmt: skip


def test_words_by_order(past: Past, known: Known, tell: Any) -> None:
    """They tell of the order; the message stays open, and the words are context."""
    past.message("m1")
    informed(past)
    told = [step.what for step in tell("c1")]
    assert told[0] == "ordered by shop: send"
    assert told[1] == "the words were given to the gateway"
    assert any(step.what.startswith("the assistant said it by order, reply c1.r") for step in tell("c1.r"))
    assert not any(step.kind == "reply" for step in tell("m1"))
    entries = {one.id: one for one in known.queries.history(ANA)}
    assert (entries["m1"].ending, entries["c1.r"].author) == (None, "assistant")


def test_words_by_order_cost_nothing_and_mend_no_failure(past: Past, known: Known) -> None:
    """No model was asked; a failed turn is still the chat's last word about the person's question."""
    past.message("m1")
    past.turn("t1", "m1")
    past.failed("t1", "m1", told=False)
    informed(past)
    queries = known.after(past).queries
    assert queries.usage() == ()
    (chat,) = queries.chats()
    assert "failed" in chat.marks
    past.message("m2")
    past.turn("t2", "m2")
    past.reply("t2", "m2")
    (chat,) = known.after(past).queries.chats()
    assert "failed" not in chat.marks


def test_a_reaction_is_told_beside_the_turn(past: Past, known: Known, tell: Any) -> None:
    """It is neither the answer nor the apology."""
    past.message("m1")
    past.turn("t1", "m1")
    reacted(past, "t1")
    past.reply("t1", "m1")
    told = [step.what for step in tell("m1")]
    assert any(what.startswith("recado reacted to the message, reply t1.k") for what in told), told
    assert sum("answered, reply" in what for what in told) == 1
    assert tell("t1.k")
    (usage,) = known.queries.usage()
    assert usage.replies == 1


def test_an_order_that_changed_nothing(past: Past, tell: Any) -> None:
    """Its story says how the chat stood, not what was asked."""
    past.control("c1", "resume", by="ana")
    past.happened(Resumed(at=past.now, by="ana", cause="c1", unchanged=True))
    assert [step.what for step in tell("c1")][1] == "nothing changed: the chat was not paused"
