"""The story of what is not over yet."""

from datetime import timedelta
from typing import Any

import pytest

from events.decisions import Attention, Paused
from events.inbound import Receipt
from events.tool_calls import ToolCalled
from tests.projections.conftest import Known
from tests.projections.past import Past
from tests.projections.story.conftest import tell, words

__all__ = ["tell"]


def test_a_message_that_waits(past: Past, tell: Any, known: Known) -> None:
    """For the burst to end, for an order, for the end of a pause, and for an instance to be there at all."""
    past.message("m1")
    past.message("m2")
    assert words(tell("m1"), "now") == ["waiting for the burst to end, together with m2, since 13 s"]
    (why,) = known.queries.why("m1")
    assert words(tell("m1", owners={why.partition: "here"})) == words(tell("m1"))
    assert words(tell("m1", owners={}), "now")[1].startswith(f"nobody owns this partition, {why.partition}:")
    past.control("o1", "reset")
    assert words(tell("m1"), "now") == ["an order is obeyed first: o1, since 14 s"]
    past.happened(Paused(until=past.now + timedelta(hours=1), at=past.now, by="rita", cause="o1", reason="taken_over"))
    now = tell("m1")[-1]
    assert (now.what, now.until) == ("a human has the chat, and nothing is answered", past.last.event.until)  # type: ignore[union-attr]


def test_a_tool_that_is_at_work(past: Past, tell: Any) -> None:
    """The model waits for it, and so does the person."""
    past.message("m1")
    past.turn("t1", "m1")
    past.thread("th1")
    past.happened(ToolCalled(turn="t1", call="c1", name="stock", arguments="{}", at=past.now))
    past.happened(Attention(id="a1", text="angry", by="model", turn="t1", messages=("m1",), at=past.now))
    steps = tell("m1")
    assert words(steps, "now") == ["at work since 12 s: the tool stock"]
    assert words(steps, "tool") == ["the model called the tool stock"]
    assert words(steps, "attention") == ["model asked for a human"]


@pytest.mark.parametrize(
    ("state", "said", "now"),
    [
        ("sending", "the gateway began to send it", "the gateway is sending the reply, or was when it stopped"),
        (
            "in_doubt",
            "in doubt: it was being sent, and nobody knows whether it was",
            "nobody knows whether the reply was sent",
        ),
        ("parked", "parked: the gateway does not send it any more by itself", None),
        (
            "delivered",
            "it reached the phone",
            "the reply is on the phone, and was not read yet, or the person tells nobody",
        ),
    ],
)
def test_a_reply_on_its_way(past: Past, tell: Any, state: Any, said: str, now: str | None) -> None:
    """How far it is, part by part, and the steps still to come."""
    past.answered(1)
    past.happened(Receipt(id="c1", reply="t1.r", state=state, part=2, parts=2))
    steps = tell("m1")
    assert words(steps, "receipt") == [f"{said}, part 2 of 2"]
    assert words(steps, "now") == ([now] if now else [])
