"""A choice that is typed: its number or its title, while the question is the last thing said."""

from __future__ import annotations

import pytest

from chat.choices import typed
from chat.commands import Answered, ToolAsked
from chat.references import Referring, with_chosen
from chat.work import CallTool
from events.inbound import Message
from events.parts import Option, Part
from events.references import Choice, Location
from events.usage import TokenUsage
from tests.chat.story import Story, text
from tests.chat.test_parts_in_turns import answer, given_by_tools, sent

SIZES = (Option(id="s", title="Small"), Option(id="l", title="Large"), Option(id="7", title="1"))
ASKED = Part(kind="choices", text="Which size?", choices=SIZES)


@pytest.mark.parametrize(
    ("said", "id_"),
    [
        ("2", "l"), (" 2. ", "l"), ("2)", "l"), ("Large", "l"), ("large ", "l"), ("LARGE", "l"), ("1", "7"), ("3", "7"),
        ("0", None), ("4", None), ("-1", None), ("²", None), ("2 please", None), ("Larg", None), ("", None),
        ("1" * 5_000, None), ("٢", None), ("2..", None),
    ],
)  # fmt: skip
def test_a_number_or_a_title_is_a_choice(said: str, id_: str | None) -> None:
    """A title counts before a number; nothing else is guessed."""
    found = typed(SIZES, said)
    assert (found.id if found is not None else None) == id_


def called(story: Story, *messages: Message) -> CallTool:
    """The call of a tool in the turn that these messages begin."""
    story.given(*messages)
    turn = story.starts_a_turn()
    story.does(ToolAsked(turn, "c", "reserve", "{}"))
    (call,) = [work for work in story.pending() if isinstance(work, CallTool)]
    return call


def asked(story: Story) -> Story:
    """A chat in which a tool has asked for a size."""
    story.given(text("m1"))
    turn = story.starts_a_turn()
    given_by_tools(story, turn, (ASKED,))
    answer(story, turn, "")
    return story


def test_the_choice_reaches_the_tools_of_the_next_turn() -> None:
    call = called(asked(Story()), text("m2", "hm"), text("m3", "2"))
    assert call.messages == ("m2", "m3")
    assert [(one.message, one.choice) for one in call.chosen] == [
        ("m3", Choice(id="l", title="Large", source="button"))
    ]


def test_an_operators_question_counts_too() -> None:
    story = Story()
    sent(story, parts=(ASKED,))
    assert story.chat.question == SIZES


def test_the_number_is_only_a_number_once_something_else_was_said() -> None:
    """By the bot, or by the business on a phone."""
    story = asked(Story())
    story.given(text("m2", "who are you?"))
    turn = story.starts_a_turn()
    story.does(Answered(turn, "The bakery.", "model", None, TokenUsage()))
    assert called(story, text("m3", "2")).chosen == ()
    story = asked(Story())
    story.given(text("m4", "look", from_me=True))
    assert story.chat.question == ()


def test_a_tapped_choice_stays_what_it_is() -> None:
    """The gateway's own word counts."""
    tapped = Message(id="m2", kind="button", text="2", choice=Choice(id="x", title="2"))
    assert called(asked(Story()), tapped).chosen == ()


def test_choices_join_what_a_message_refers_to() -> None:
    choice = Choice(id="l", title="Large")
    (one, other) = called(asked(Story()), text("m2", "2"), text("m3", "small")).chosen
    found = with_chosen([Referring(id="m2", quoted="r1", location=Location(latitude=1.0, longitude=2.0))], [one, other])
    assert [(each.id, each.quoted, each.choice and each.choice.id) for each in found] == [
        ("m2", "r1", choice.id),
        ("m3", None, "s"),
    ]
