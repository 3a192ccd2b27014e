"""A missed call is silent; with words for it the person is told once a day, and never while the bot has no word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from chat.work import Due
from events.admission import Blocked
from events.decisions import Ignored, Paused, Reply
from events.inbound import Message
from tests.chat.story import NOON, SETTING, Story

WORDS = {"call": "We do not take calls. Please write to us!"}


def call(id_: str, kind: str = "call") -> Message:
    return Message(id=id_, kind=kind, text="Missed call")


def told(story: Story, words: dict[str, str] = WORDS) -> list[str]:
    """What the person is told, once all is decided."""
    said: list[str] = []
    while (work := next((one for one in story.pending() if isinstance(one, Due)), None)) is not None:
        decision = story.does(work, words=words)
        if isinstance(decision, Reply):
            said.append(decision.text)
        if isinstance(decision, Ignored):
            assert decision.reason in ("call", "system", "paused", "blocked", "stale")
    return said


def test_it_is_silent_without_words() -> None:
    assert told(Story().given(call("c1"), call("c2")), {}) == []


def test_it_is_told_once_a_day() -> None:
    story = Story().given(call("c1"), call("c2"))
    assert told(story) == [WORDS["call"]]
    story.given(call("c3"))
    assert told(story) == []
    story.now += timedelta(days=1)
    story.given(call("c4"))
    assert told(story) == [WORDS["call"]]


@pytest.mark.parametrize("reason", ["paused", "blocked", "stale", "system"])
def test_it_is_not_told_where_the_bot_has_no_word(reason: str) -> None:
    story = Story(replace(SETTING, stale_after=timedelta(hours=1)))
    if reason == "paused":
        story.given(Paused(until=None, at=NOON))
    if reason == "blocked":
        story.given(Blocked(at=NOON))
    message = call("c1", "system" if reason == "system" else "call")
    story.given(replace(message, at=NOON - timedelta(hours=2)) if reason == "stale" else message)
    assert told(story) == []
