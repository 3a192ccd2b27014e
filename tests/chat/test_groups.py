"""The gates of groups: whose message is meant for the bot, and who of a group is answered."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from chat.commands import Answered
from events.inbound import Message, Receipt
from events.subjects import ChatKey
from events.usage import TokenUsage
from tests.chat.gated import gated, is_answered, outcome
from tests.chat.story import text


def test_a_sender_of_a_group_may_be_blocked() -> None:
    """The others of the group are answered."""
    story = gated(block=("666*",), groups="always")
    story.given(Message(id="m1", text="hello", sender="66677@s.whatsapp.net", group=True))
    assert outcome(story) == [("blocked", "m1")]
    assert is_answered(story.given(Message(id="m2", text="hello", sender="55@s.whatsapp.net", group=True)))


def test_a_group_is_answered_when_the_bot_is_meant() -> None:
    """Mentioned by one of its names, or a message of its own quoted, whose name the receipts tell."""
    story = gated(names=("4930@s.whatsapp.net",), groups="mentioned")
    group = replace(story.record(text("m1")), key=ChatKey("local", "1203@g.us"))

    def came(event: Any) -> None:
        from chat.evolve import evolve

        recorded = story.record(event)
        story.chat = evolve(replace(story.chat, inbound_seq=recorded.seq - 1), replace(recorded, key=group.key))

    story.chat = type(story.chat)()
    came(text("m2"))
    assert outcome(story) == [("unaddressed", "m2")]
    came(text("m3", mentions=("4930@s.whatsapp.net",)))
    assert is_answered(story)
    story.starts_a_turn()
    assert story.chat.turn is not None
    story.does(Answered(story.chat.turn.id, "hi", "model", None, TokenUsage()))
    came(Receipt(id="r", reply="t1.r", state="accepted", provider_id="wamid.7"))
    came(text("m4", quoted="wamid.7"))
    assert is_answered(story)
    came(text("m5", quoted="wamid.8"))
    assert outcome(story) == [("unaddressed", "m5")]
    came(text("m6", mentions=("me",)))
    assert is_answered(story)


@pytest.mark.parametrize(("groups", "expected"), [("off", [("groups_off", "m1")]), ("always", [])])
def test_groups_may_be_off_or_always_on(groups: Any, expected: list[Any]) -> None:
    """And people are answered all the same."""
    assert outcome(gated(groups=groups).given(text("m1", group=True))) == expected
    assert is_answered(gated(groups=groups).given(text("m1")))


@pytest.mark.parametrize(
    ("said", "is_meant"),
    [
        ("@5511977777777 have you rye?", True),
        ("have you rye, @+5511977777777?", True),
        ("@55119777777771", False),
        ("5511977777777", False),
        ("Bia, have you rye?", True),
        ("have you rye @bia", True),
        ("\uff22\uff29\uff21!", True),
        ("Bianca, have you rye?", False),
        ("the Bot  Uno has it", True),
        ("x" * 600 + " Bia", False),
    ],
)
def test_a_group_where_the_provider_tells_no_mentions(said: str, is_meant: bool) -> None:
    """The bot is addressed by its number after an `@`, or by a name, near the beginning of the text."""
    names = ("5511977777777@s.whatsapp.net", "bia", "bot uno")
    story = gated(groups="mentioned", names=names)
    story.given(text("m1", said, group=True, sender="5511888888888@s.whatsapp.net"))
    assert is_answered(story) if is_meant else outcome(story) == [("unaddressed", "m1")]


def test_a_name_addresses_nobody_outside_groups() -> None:
    assert not gated(names=("bia",)).given(text("m1", "Bia!")).chat.waiting[0].spoken


@pytest.mark.parametrize(
    ("quoted", "reason"), [("wamid.9", "reaction"), ("another", "unsupported_kind"), (None, "unsupported_kind")]
)
def test_a_reaction_in_a_group(quoted: str | None, reason: str) -> None:
    """One to a message of ours is context of the next turn; what people think of each other's messages is not."""
    story = gated()
    story.chat = replace(story.chat, our_message_ids=("t1.r", "wamid.9"))
    story.given(Message(id="m2", kind="reaction", text="x", quoted=quoted, group=True, sender="a@lid"))
    assert story.chat.waiting[-1].fault == reason
