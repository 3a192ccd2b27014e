"""A sender may name any time, also the first and the last of the calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from chat.moment import in_zone


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "Pacific/Kiritimati"])
@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_any_time_has_a_form(zone: str, at: datetime) -> None:
    assert in_zone(at, ZoneInfo(zone)).tzinfo is not None
