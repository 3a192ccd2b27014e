"""A message ends without a reply, and the log says why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chat.work import EndBurst, Refuse
from events.decisions import Ignored, Paused
from events.inbound import Message
from events.recorded import Unreadable
from tests.chat.story import NOON, Story, text


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (text("m", ""), "empty"),
        (text("m", " \n\t"), "empty"),
        (text("m", "\x00\x07"), "empty"),
        (text("m", "hi", from_me=True), "from_me"),
        (Message(id="m", kind="sticker"), "unsupported_kind"),
        (Message(id="m", kind="reaction", text="👍"), "reaction"),
        (Message(id="m", kind="hologram", text="hi"), "unsupported_kind"),
        (text("m", at=NOON - timedelta(hours=25)), "stale"),
        (Unreadable("unreadable", "Expected `object`"), "unreadable"),
        (Unreadable("malformed_chat", "no JID"), "malformed_chat"),
    ],
)
def test_unanswered_messages_end_with_their_reason(message: Message | Unreadable, reason: str) -> None:
    """Each becomes one `ignored` event, and nothing is pending any more."""
    story = Story().given(message)
    (ignored,) = story.works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert ignored.reason == reason
    assert ignored.messages == (("seq:1",) if isinstance(message, Unreadable) else ("m",))
    assert story.pending() == ()


@pytest.mark.parametrize(
    "message",
    [
        text("m", at=NOON + timedelta(days=400)),
        text("m", at=NOON - timedelta(hours=23)),
        Message(id="m", kind="image", text="what is this?"),
        Message(id="m", kind="button", text="Yes"),
    ],
)
def test_answered_kinds(message: Message) -> None:
    """A date in the future counts as now; a picture is answered by its caption."""
    assert Story().given(message).pending() == (EndBurst(1, 1),)


def test_a_fault_among_good_messages_ends_alone() -> None:
    """The faulty message is ignored at once, the others are answered."""
    story = Story().given(text("m1"), text("m2", ""), text("m3"))
    assert story.pending() == (Refuse(("m2",), "empty"),)
    story.works_off_what_is_due()
    assert story.pending() == (EndBurst(1, 3),)


def test_a_fault_during_a_run_leaves_the_run_alone() -> None:
    """The run goes on while the faulty message is ended."""
    story = Story().given(text("m1"))
    story.starts_a_turn()
    running = story.pending()
    story.given(text("m2", ""))
    assert story.pending() == (Refuse(("m2",), "empty"), *running)


def test_a_message_grows_stale_while_no_instance_runs() -> None:
    """A message that waited longer than the limit is not answered any more."""
    story = Story().given(text("m1"))
    story.now += timedelta(hours=25)
    story.given(text("m2"))
    assert story.pending() == (Refuse(("m1",), "stale"),)


def test_a_turn_without_an_instance_grows_stale() -> None:
    """A crash in mid-turn and days of silence: the turn's messages end as stale instead of being answered."""
    story = Story().given(text("m1"))
    story.starts_a_turn()
    story.now += timedelta(hours=25)
    assert not any(isinstance(work, Refuse) for work in story.pending())
    story.rules = type(story.rules)("other-1", "chat", story.rules.stale_after)
    (ignored,) = story.works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert (ignored.messages, ignored.reason) == (("m1",), "stale")


def test_while_paused_waiting_and_running_messages_end() -> None:
    """A pause ends the running turn, waiting messages and new ones, each as `ignored: paused`."""
    story = Story().given(text("m1"))
    story.starts_a_turn()
    story.given(text("m2"), Paused(until=None, at=story.now))
    (ignored,) = story.works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert (ignored.messages, ignored.reason) == (("m1", "m2"), "paused")
    assert story.pending() == ()
    (later,) = story.given(text("m3")).works_off_what_is_due()
    assert isinstance(later, Ignored)
    assert later.messages == ("m3",)
