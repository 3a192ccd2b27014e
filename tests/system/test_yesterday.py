"""A bot with one `.env` notices nothing of profiles: from yesterday's log it asks and answers the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.system.yesterday.continued import HERE, MODES, continued


@pytest.mark.slow("a server and an instance, each a process of its own")
@pytest.mark.parametrize("mode", MODES)
async def test_the_same_requests_and_answers(tmp_path: Path, mode: str) -> None:
    """Given the log of the last release before profiles, when people write on, then every request to the model and
    every reply is byte for byte that release's, but for ids and times."""
    events = json.loads((HERE / f"{mode}.events.json").read_text())
    assert await continued(tmp_path, mode, events) == json.loads((HERE / f"{mode}.json").read_text())
