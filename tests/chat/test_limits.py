"""No event grows too large for the bus, however many messages come at once; the rest is pending next."""

from __future__ import annotations

import msgspec

from chat.commands import Answered
from chat.limits import LONGEST_SEND, MOST_MESSAGES, together
from chat.work import EndBurst
from events.decisions import Ignored, Paused, Reply, TurnStarted
from events.usage import TokenUsage
from tests.chat.story import NOON, Story, order, text

LONG = [f"{number:04}" + "\U0001f600" * 200 for number in range(600)]
"""Ids of 804 bytes."""


def test_a_flood_of_long_ids_is_answered_in_several_turns() -> None:
    """In order, each message once, and no event near the size that a server takes."""
    story = Story().given(*(text(id_) for id_ in LONG))
    answered: list[str] = []
    while story.pending():
        started = story.does(EndBurst(0, 0))
        assert isinstance(started, TurnStarted)
        assert len(msgspec.json.encode(started)) < 700_000
        answered += started.messages
        story.does(Answered(started.turn, "ok", "model", None, TokenUsage()))
    assert answered == LONG


def test_a_flood_of_short_ids_is_bounded_too() -> None:
    """A turn takes so many messages and no more."""
    ids = [str(number) for number in range(MOST_MESSAGES + 1)]
    assert together(ids) == tuple(ids[:-1])


def test_a_flood_during_a_pause_ends_in_several_events() -> None:
    """Each ends once, as paused."""
    story = Story().given(Paused(until=None, at=NOON), *(text(id_) for id_ in LONG))
    ended = [id_ for event in story.works_off_what_is_due() if isinstance(event, Ignored) for id_ in event.messages]
    assert ended == LONG


def test_a_human_who_answers_a_flood_ends_what_fits() -> None:
    """The rest is still to be answered."""
    story = Story().given(*(text(id_) for id_ in LONG), order("c1", "send", text="I am here."))
    (reply,) = story.works_off_what_is_due()
    assert isinstance(reply, Reply)
    assert len(msgspec.json.encode(reply)) < 700_000
    assert len(story.chat.waiting) == len(LONG) - len(reply.in_reply_to)


def test_a_human_text_that_no_message_could_carry_is_refused() -> None:
    """The order has its answer, and the chat goes on."""
    (ignored,) = Story().given(order("c1", "send", text="x" * (LONGEST_SEND + 1))).works_off_what_is_due()
    assert isinstance(ignored, Ignored)
    assert (ignored.reason, ignored.cause) == ("too_long", "c1")


def test_the_name_of_an_orders_author_is_bounded() -> None:
    """A megabyte in `by` is no reason for an event that does not fit."""
    (paused,) = Story().given(order("c1", "pause", by="z" * 1_000_000)).works_off_what_is_due()
    assert len(msgspec.json.encode(paused)) < 1_000
