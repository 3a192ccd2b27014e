"""The gate of business hours: people are told once that the shop is closed."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from chat.hours import Hours, Span
from events.inbound import Message
from tests.chat.gated import gated, is_answered, outcome
from tests.chat.story import text

SHOP = Hours(
    (*(Span(day, time(9), time(18)) for day in range(5)), Span(5, time(10), time(13))), ZoneInfo("America/Sao_Paulo")
)


def test_outside_business_hours_people_are_told_once_each_time_the_shop_is_closed() -> None:
    """The story's noon is a Sunday; on Monday at ten to six in the morning by UTC it is still closed in São Paulo."""
    story = gated(hours=SHOP).given(text("m1"), text("m2"))
    assert outcome(story) == [("outside_hours", "m1", "m2"), ("said", "We are closed.")]
    assert outcome(story.given(text("m3"))) == [("outside_hours", "m3")]
    story.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert is_answered(story.given(text("m4")))
    story.works_off_what_is_due()
    story = gated(hours=SHOP).given(text("m1"))
    outcome(story)
    story.now = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    assert outcome(story.given(text("m5"))) == [("outside_hours", "m5"), ("said", "We are closed.")]


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (datetime(2026, 11, 23, 11, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 20, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 21, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 28, 14, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 28, 16, 0, tzinfo=UTC), False),
    ],
)
def test_hours_are_those_of_the_shops_zone(at: datetime, is_open: bool) -> None:
    """São Paulo is three hours behind UTC."""
    assert SHOP.are_open(at) is is_open


def test_a_person_who_did_not_mean_the_bot_gets_no_notice() -> None:
    """A video in a family's group, a sticker of a blocked person: no notice about files that cannot be opened."""
    story = gated(groups="mentioned", block=("666*",))
    story.given(Message(id="m1", kind="video", sender="55@s.whatsapp.net", group=True))
    assert outcome(story) == [("unaddressed", "m1")]
    story.given(Message(id="m2", kind="video", sender="66677@s.whatsapp.net"))
    assert outcome(story) == [("blocked", "m2")]
