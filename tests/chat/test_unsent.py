"""A reply that may not have arrived: the chat asks for a human once, in the log, and goes on meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chat.work import EndBurst
from events.decisions import Attention
from events.inbound import Receipt, ReceiptError
from tests.chat.story import Story, order, text


def receipt(state: str = "parked", class_: str | None = "in_doubt", reply: str = "t1.r", **fields: object) -> Receipt:
    error = ReceiptError(class_=class_, code=131000, detail="Something went wrong") if class_ else None
    return Receipt(id=f"{reply}:{state}", reply=reply, state=state, error=error, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "class_", "asks"),
    [
        ("parked", "in_doubt", True), ("parked", "broken", True), ("parked", None, True), ("parked", "parts", True),
        ("failed", "unknown", True), ("failed", "in_doubt", True), ("parked", "restored", False),
        ("failed", "content", False), ("failed", "recipient", False), ("failed", "taken_over", False),
        ("failed", None, False), ("sending", "unknown", False), ("in_doubt", "in_doubt", False), ("read", None, False),
    ],
)  # fmt: skip
def test_replies_that_a_human_is_asked_about(state: str, class_: str | None, asks: bool) -> None:
    story = Story().given(receipt(state, class_))
    asked = story.works_off_what_is_due()
    assert [type(one) for one in asked] == [Attention] * asks
    if asks:
        (attention,) = asked
        assert isinstance(attention, Attention)
        assert (attention.id, attention.by, attention.turn, attention.cause) == ("t1.r.h", "gateway", None, None)
        assert story.chat.attention is not None
        assert story.chat.attention.id == "t1.r.h"


def test_it_is_asked_once_and_the_chat_goes_on() -> None:
    """No pause: the next message is answered. Further receipts, and repeats, ask for nothing more."""
    story = Story().given(receipt(), receipt(), receipt(reply="t2.r"))
    assert len(story.works_off_what_is_due()) == 1
    story.given(receipt(reply="t3.r"), text("m1"))
    assert story.chat.pause is None
    assert [type(work) for work in story.pending()] == [EndBurst]


@pytest.mark.parametrize("state", ["accepted", "sent", "delivered", "read"])
@pytest.mark.parametrize("asked", [True, False])
def test_a_late_word_that_it_arrived_ends_it(state: str, asked: bool) -> None:
    story = Story().given(receipt())
    if asked:
        story.works_off_what_is_due()
    story.given(receipt(state, None, "another.r"))
    assert (story.chat.attention is not None, story.chat.unsent is not None) == (asked, not asked)
    story.given(receipt(state, None))
    assert (story.chat.attention, story.chat.unsent, story.pending()) == (None, None, ())


def test_a_word_by_hand_or_an_order_ends_it() -> None:
    for act in (order("k1", "send", text="Here it is again"), order("k1", "resume"), text("h1", "hi", from_me=True)):
        story = Story().given(receipt())
        story.works_off_what_is_due()
        story.given(act)
        story.works_off_what_is_due()
        assert (story.chat.attention, story.chat.unsent) == (None, None), act


def test_it_asks_for_no_one_while_somebody_is_asked_already() -> None:
    story = Story().given(order("k1", "handoff", text="angry"))
    story.works_off_what_is_due()
    story.given(receipt())
    assert not [one for one in story.works_off_what_is_due() if isinstance(one, Attention)]


def test_an_old_log_asks_for_nobody() -> None:
    """A release that folds the receipts of the past does not flood the desk."""
    story = Story().given(receipt())
    story.now += timedelta(days=2)
    assert story.works_off_what_is_due() == []


def test_a_name_of_any_length() -> None:
    story = Story().given(receipt(reply="r" * 512))
    (asked,) = story.works_off_what_is_due()
    assert isinstance(asked, Attention)
    assert len(asked.id) == 512
