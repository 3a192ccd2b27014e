"""The breaker: when the first model is left, and when it is tried again."""

from __future__ import annotations

import pytest

from actors.breaker import LONGEST, MOST_FAILURES, SHORTEST, Breaker
from chat.second_model import FALLS_OVER, LASTING


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(trial=60, now=clock)


@pytest.mark.parametrize("class_", sorted(FALLS_OVER))
def test_it_opens(breaker: Breaker, class_: str) -> None:
    """After some failures in a row; at once where waiting does not help; never where the model is not to blame."""
    needed = 1 if class_ in LASTING else MOST_FAILURES
    for _ in range(needed):
        assert breaker.turns_away() == ""
        breaker.failed(class_)
    assert breaker.turns_away() == (class_ if FALLS_OVER[class_] else "")


def test_an_answer_in_between_begins_the_count_again(breaker: Breaker) -> None:
    """Only failures in a row count."""
    for _ in range(10):
        breaker.failed("timeout")
        breaker.failed("timeout")
        breaker.answered()
    assert breaker.turns_away() == ""


def test_one_turn_at_a_time_tries_it_again(breaker: Breaker, clock: Clock) -> None:
    """The others go on with the second; an answer brings all back."""
    breaker.failed("quota_exhausted")
    clock.now += SHORTEST
    assert breaker.turns_away() == ""
    assert breaker.turns_away() == "quota_exhausted"
    breaker.answered()
    assert breaker.turns_away() == breaker.turns_away() == breaker.reason == ""


def test_a_trial_that_fails_makes_it_wait_longer(breaker: Breaker, clock: Clock) -> None:
    """Twice as long each time, up to a limit; several failures of one moment count once."""
    breaker.failed("quota_exhausted")
    waits = []
    for _ in range(12):
        for _ in range(5):
            breaker.failed("timeout")
        began = clock.now
        while breaker.turns_away():
            clock.now += 1
        waits.append(clock.now - began)
        breaker.failed("unreachable")
    assert waits[:3] == [SHORTEST, 2 * SHORTEST, 4 * SHORTEST]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST


def test_a_trial_without_an_outcome_is_followed_by_another(breaker: Breaker, clock: Clock) -> None:
    """Its turn was paused, or its messages were ignored."""
    breaker.failed("bad_key")
    clock.now += SHORTEST
    assert breaker.turns_away() == ""
    clock.now += 59
    assert breaker.turns_away() == "bad_key"
    clock.now += 1
    assert breaker.turns_away() == ""
