"""The waiting times of people are read from the log's own stamps."""

from __future__ import annotations

from tests.chaos.delays import waits
from tests.chaos.test_checker import replied, started
from tests.chat.story import Story, text


def test_waits_are_told_apart_by_who_had_the_chat() -> None:
    """The story writes an event a second: m1 waits 2 s for `a`, who is lost then; m2 waits 3 s for `b`."""
    story = Story().given(text("m1"))
    story.given(started("t1", "m1"), replied("t1", "m1"), by="a-1")
    story.given(text("m2"), text("m3"))
    story.given(started("t2", "m2"), replied("t2", "m2"), by="b-1")
    assert [(wait.seconds, wait.before, wait.by) for wait in waits(story.events)] == [(2.0, "a", "a"), (3.0, "a", "b")]
