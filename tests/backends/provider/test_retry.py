"""Waits before a retry, and the time for which a provider asks to be left alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.provider.retry import AttemptFailed, persist, retry_after
from tests.backends.asking import Naps

MOMENTS = st.integers(946684800, 4102444800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


NUMBERS = st.integers(0, 60).map(str) | st.sampled_from(["9" * 20, "9" * 400, "9" * 5000, "\u00b2", "\u0663", "-1", ""])
DATES = st.builds("Mon, {} Jan {} {}:{}:00 {}{}".format, *[NUMBERS] * 4, st.sampled_from("+-"), NUMBERS)


def in_an_hour() -> float:
    return asyncio.get_running_loop().time() + 3600


@settings(deadline=None)
@given(now=MOMENTS, wait=st.integers(-(10**6), 10**6))
def test_a_date_is_read_against_the_servers_own_clock(now: datetime, wait: int) -> None:
    """On any clock, a Retry-After date is as far away as the response's Date says; the past is now."""
    then = format_datetime(now + timedelta(seconds=wait), usegmt=True)
    assert retry_after({"retry-after": then, "date": format_datetime(now, usegmt=True)}) == max(0, wait)


@settings(deadline=None)
@given(value=st.text() | st.floats().map(str) | DATES)
def test_any_header_is_a_wait_or_none(value: str) -> None:
    """Nonsense, negative and infinite values give None or a wait that can be waited for."""
    told = retry_after({"retry-after": value, "retry-after-ms": value})
    assert told is None or 0 <= told < float("inf")


async def test_waits_grow_and_are_capped(naps: Naps) -> None:
    """Unless the provider names a time, the waits double up to 20 s, half of each at random."""

    async def attempt() -> str:
        if len(naps.taken) < 12:
            raise AttemptFailed("provider_error", "down")
        return "up"

    assert await persist(attempt, turn="t", deadline=in_an_hour(), sleep=naps) == "up"
    longest = [min(20.0, 0.5 * 2**n) for n in range(12)]
    assert all(most / 2 <= taken <= most for taken, most in zip(naps.taken, longest, strict=True))


async def test_an_error_that_is_no_failed_attempt_is_not_hidden(naps: Naps) -> None:
    """A defect of our own is neither retried nor dressed up as a provider's fault."""

    async def attempt() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await persist(attempt, turn="t", deadline=in_an_hour(), sleep=naps)
    assert naps.taken == []
