"""The texts that commands print for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from recado.printing import age

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(seconds=-5), "0 s"),  # the server's clock is ahead of ours
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_how_long_ago(ago: timedelta, told: str) -> None:
    """In the largest unit that fits."""
    assert age(NOW - ago, NOW) == told
