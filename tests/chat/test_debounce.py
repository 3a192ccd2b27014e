"""The debounce: how long a chat waits for the end of a burst."""

from __future__ import annotations

from chat.debounce import Burst


def test_each_message_is_waited_after() -> None:
    burst = Burst(0.0, 0.0)
    burst.person_wrote(100.0, first=True)
    assert burst.ends(2.0) == 102.0
    burst.person_wrote(101.5, first=False)
    assert burst.ends(2.0) == 103.5


def test_a_burst_ends_after_ten_times_the_debounce() -> None:
    """Even if the person writes on and on."""
    burst = Burst(0.0, 0.0)
    burst.person_wrote(100.0, first=True)
    for seconds in range(1, 30):
        burst.person_wrote(100.0 + seconds, first=False)
    assert burst.ends(2.0) == 120.0


def test_the_next_burst_begins_with_its_own_first_message() -> None:
    burst = Burst(100.0, 119.0)
    burst.person_wrote(130.0, first=True)
    assert burst.ends(2.0) == 132.0
