"""The bus's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from actors.bus_time import BusTime

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_it_goes_on_from_the_last_stamp() -> None:
    """The server's stamp plus what has elapsed here, whatever the host's clock shows."""
    elapsed = 100.0
    bus_time = BusTime(lambda: elapsed)
    bus_time.observe(NOON)
    elapsed += 90
    assert bus_time.now() == NOON + timedelta(seconds=90)


def test_it_never_runs_backwards() -> None:
    """Stamps of old events, read while catching up, change nothing."""
    elapsed = 0.0
    bus_time = BusTime(lambda: elapsed)
    bus_time.observe(NOON)
    bus_time.observe(NOON - timedelta(days=1))
    assert bus_time.now() == NOON
    bus_time.observe(NOON + timedelta(seconds=1))
    assert bus_time.now() == NOON + timedelta(seconds=1)
