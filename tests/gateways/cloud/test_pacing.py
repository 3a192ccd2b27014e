"""The pace of messages, and the errors that hold all of them back."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.inbound import ReceiptError
from gateways.cloud import circuit_breaker
from gateways.cloud.circuit_breaker import CircuitBreaker
from gateways.cloud.errors import class_of_status, pause
from gateways.cloud.pacing import PAIR_BURST, PAIR_EVERY, Pacing
from tests.doubles.graph_limits import Limits

STOP = ReceiptError(code=190, class_="account_stop", detail="expired")


@given(st.lists(st.floats(0, 2), min_size=1, max_size=400))
def test_a_number_is_never_over_its_limit(gaps: list[float]) -> None:
    """Whatever the moments: Meta, who counts too, refuses none. Each goes to another person."""
    pacing, limits, now = Pacing(), Limits(), 100.0
    for number, gap in enumerate(gaps):
        now += gap if number % 50 == 0 else 0
        now += pacing.number(now)
        assert limits.code(str(number), now) is None


@given(st.lists(st.floats(0, 60), min_size=1, max_size=200))
def test_a_pair_is_never_over_its_limit(gaps: list[float]) -> None:
    pacing, limits, now = Pacing(), Limits(), 100.0
    for gap in gaps:
        now += gap if gap > 30 else 0
        now += pacing.pair("ana", now) + 1e-6
        assert limits.code("ana", now) is None


def test_a_burst_goes_at_once() -> None:
    """45 messages without a wait, then one in 6 seconds; another person has a burst of their own."""
    pacing = Pacing()
    assert [pacing.pair("ana", 0.0) for _ in range(PAIR_BURST)] == [0.0] * PAIR_BURST
    assert pacing.pair("ana", 0.0) == PAIR_EVERY
    assert pacing.pair("tom", 0.0) == 0.0


def test_whatsapp_says_that_it_was_too_much() -> None:
    """Nothing goes to that person before the time it gave."""
    pacing = Pacing()
    pacing.hold("ana", 0.0, 16.0)
    assert pacing.pair("ana", 0.0) == 16.0
    assert pacing.pair("tom", 0.0) == 0.0


def test_an_answer_that_is_not_whatsapps() -> None:
    """A proxy's error may have come after the message went; a page that is not Meta's means a wrong address."""
    assert [class_of_status(status) for status in (500, 502, 429, 404, 301)] == [
        "in_doubt", "in_doubt", "account_throttle", "account_stop", "account_stop",
    ]  # fmt: skip


def test_pauses_grow() -> None:
    """Meta advises 4^n seconds for a pair; something that is wrong there gets 30 at least."""
    assert [pause("pair_throttle", tries) for tries in (1, 2, 3)] == [4, 16, 64]
    assert pause("transient", 1) == 30
    assert all(pause(class_, 100) <= 1024 for class_ in ("pair_throttle", "transient", "account_stop", "unreached"))
    assert [pause("unknown", tries) for tries in (1, 2, 3, 100)] == [30, 60, 120, 1800]


async def test_one_message_tries_whether_the_account_is_good_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is refused nobody passes; after the pause one does, and the others when that one went."""
    monkeypatch.setattr(circuit_breaker, "pause", lambda _class, _tries: 0.02)
    breaker, passed = CircuitBreaker("shop"), list[int]()

    async def pass_(number: int) -> None:
        await breaker.passed()
        passed.append(number)

    breaker.trip(STOP)
    waiting = [asyncio.create_task(pass_(number)) for number in range(5)]
    async with asyncio.timeout(60):
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert len(passed) == 1
    assert not breaker.is_closed
    breaker.reset()
    async with asyncio.timeout(60):
        await asyncio.gather(*waiting)
    assert sorted(passed) == list(range(5))


async def test_a_message_that_tries_and_is_lost_sight_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one tries, after a while."""
    monkeypatch.setattr(circuit_breaker, "pause", lambda _class, _tries: 0.01)
    monkeypatch.setattr(circuit_breaker, "PROBE_WITHIN", 0.01)
    breaker = CircuitBreaker("shop")
    breaker.trip(STOP)
    async with asyncio.timeout(60):
        await breaker.passed()
        await breaker.passed()
    assert not breaker.is_closed
