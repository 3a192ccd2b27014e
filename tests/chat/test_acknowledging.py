"""A reaction to the person's message when its turn starts: once, for those who may hear of recado, and no answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chat.acknowledging import acknowledged_by
from chat.commands import Answered, FallOver
from chat.work import Acknowledge, Adopt, StartAgain, WriteReply
from events.admission import Blocked
from events.decisions import Attention, Paused, Reply
from events.inbound import Edit, Receipt, ReceiptError
from events.parts import Option, Part, problems
from events.usage import TokenUsage
from tests.chat.story import NOON, SETTING, Story, order, text

EYES = replace(SETTING, acknowledge="👀", takeover=timedelta(minutes=30), has_fallback=True)


def begun(*messages: Any, rules: Any = EYES) -> Story:
    story = Story(rules).given(*(messages or (text("m1"), text("m2"))))
    story.starts_a_turn()
    return story


def reactions(story: Story) -> list[str]:
    replies = [one.event for one in story.events if isinstance(one.event, Reply)]
    return [message for reply in replies if (message := acknowledged_by(reply))]


def test_the_turns_last_message_is_reacted_to() -> None:
    """The turn goes on beside it; the answer ends the messages."""
    story = begun()
    before = story.chat
    (reply,) = story.works_off_what_is_due()
    assert isinstance(reply, Reply)
    turn = story.chat.turn
    assert turn is not None
    assert (reply.turn, reply.about, reply.in_reply_to, reply.author) == (None, turn.id, (), "system")
    assert reply.parts == (Part(kind="reaction", to="m2", emoji="👀"),)
    assert (reply.text, list(problems(reply.parts))) == ("👀", [])
    after = story.chat
    assert after == replace(before, acknowledged="m2", decision_seq=after.decision_seq), "no answer, no last word"
    assert isinstance(story.pending()[0], WriteReply)
    answer = story.does(Answered(turn.id, "hi", "model", None, TokenUsage()))
    assert isinstance(answer, Reply)
    assert answer.in_reply_to == ("m1", "m2")
    assert story.works_off_what_is_due() == []


def test_without_the_setting_there_is_none() -> None:
    assert begun(rules=SETTING).works_off_what_is_due() == []


def test_another_instance_does_not_repeat_it() -> None:
    """Neither after it was said, nor does it forget it if it was not."""
    for said in (True, False):
        story = begun()
        if said:
            story.works_off_what_is_due()
        story.rules = replace(EYES, incarnation="there-2")
        first = story.works_off_what_is_due()[0]
        assert first is not None
        assert reactions(story) == ["m2"]
        assert not any(isinstance(one, Adopt | Acknowledge) for one in story.pending())


@pytest.mark.parametrize("again", ["edited", "second model"])
def test_a_turn_in_its_place_does_not_repeat_it(again: str) -> None:
    story = begun()
    story.works_off_what_is_due()
    assert story.chat.turn is not None
    if again == "edited":
        story.given(Edit(id="e1", of="m2", text="two"))
        assert isinstance(story.pending()[0], StartAgain)
    else:
        story.does(FallOver(story.chat.turn.id, "timeout"))
    story.works_off_what_is_due()
    assert reactions(story) == ["m2"]


def test_the_next_turn_has_its_own() -> None:
    story = begun()
    story.works_off_what_is_due()
    assert story.chat.turn is not None
    story.does(Answered(story.chat.turn.id, "hi", "model", None, TokenUsage()))
    story.given(text("m3"))
    story.starts_a_turn()
    story.works_off_what_is_due()
    assert reactions(story) == ["m2", "m3"]


@pytest.mark.parametrize(
    "shut",
    [
        [text("h1", from_me=True)],
        [order("c1", "send", text="Ana here")],
        [order("c1", "pause")],
        [order("c1", "block")],
        [order("c1", "handoff")],
        [order("c1", "erase")],
        [Blocked(at=NOON)],
        [Paused(until=None, at=NOON)],
        [Attention(id="a1", text="", by="model", at=NOON, turn="t1")],
    ],
)
def test_who_may_not_hear_of_recado_sees_none(shut: list[Any]) -> None:
    """A human, a pause, a block came between the turn's start and the reaction."""
    story = begun()
    story.given(*shut)
    story.works_off_what_is_due()
    assert reactions(story) == []


def test_no_turn_no_reaction() -> None:
    """A closed gate starts none."""
    gates = replace(SETTING.gates, stop_words=frozenset({"stop"}), allow=("5511",))
    for message in (text("m1", "stop"), text("m1"), text("m1", kind="sticker")):
        story = Story(replace(EYES, gates=gates)).given(message)
        story.works_off_what_is_due()
        assert reactions(story) == []


def test_a_question_stays_the_last_word() -> None:
    """It can still be answered by its number."""
    sizes = (Option(id="s", title="Small"), Option(id="l", title="Large"))
    story = begun()
    story.given(order("c1", "send", parts=(Part(kind="choices", text="Which?", choices=sizes),), takeover=False))
    story.works_off_what_is_due()
    assert reactions(story) == ["m2"]
    assert [one.id for one in story.chat.question] == ["s", "l"]


def test_no_human_is_asked_about_a_reaction() -> None:
    """A lost one is no lost answer."""
    story = begun()
    reply = story.works_off_what_is_due()[0]
    assert isinstance(reply, Reply)
    story.given(Receipt(id="x", reply=reply.id, state="parked", error=ReceiptError(class_="in_doubt")))
    assert (story.chat.unsent, story.works_off_what_is_due()) == (None, [])
