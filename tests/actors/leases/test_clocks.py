"""The bus's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from actors.leases.clocks import BusTime

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_it_goes_on_from_the_last_stamp() -> None:
    """The server's stamp plus the time elapsed here, independent of the host's clock."""
    elapsed = 100.0
    bus_time = BusTime(lambda: elapsed)
    bus_time.observe(NOON)
    elapsed += 90
    assert bus_time.now() == NOON + timedelta(seconds=90)


def test_an_answer_that_took_its_time_does_not_turn_it_back() -> None:
    """A stamp that is some seconds old changes nothing."""
    elapsed = 0.0
    bus_time = BusTime(lambda: elapsed)
    bus_time.observe(NOON)
    bus_time.observe(NOON - timedelta(seconds=5))
    assert bus_time.now() == NOON
    bus_time.observe(NOON + timedelta(seconds=1))
    assert bus_time.now() == NOON + timedelta(seconds=1)


def test_a_server_whose_clock_was_put_right_is_followed() -> None:
    """A day ahead by mistake, and back: without this every message would be stale until the day is over."""
    bus_time = BusTime(lambda: 0.0)
    bus_time.observe(NOON + timedelta(days=1))
    bus_time.observe(NOON)
    assert bus_time.now() == NOON
