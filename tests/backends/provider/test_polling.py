"""Polls are frequent at first, and never much later than the age of the work."""

from __future__ import annotations

from itertools import islice

import pytest

from backends.provider.polling import looks


def test_soon_and_then_less_often() -> None:
    """The first look after 0.2 s, in the end one every 2 s."""
    waits = list(islice(looks(), 30))
    assert waits[:4] == [0.2, 0.1, 0.1, 0.1]
    assert waits == waits[:1] + sorted(waits[1:])
    assert waits[-1] == 2.0


@pytest.mark.parametrize("took", [0.3, 0.5, 1.0, 1.7, 3.0, 5.0, 8.0])
def test_an_answer_is_seen_soon(took: float) -> None:
    """At the latest after a quarter of its own time."""
    at = 0.0
    for wait in looks():
        at += wait
        if at >= took:
            break
    assert at - took <= max(0.1, took / 4)
