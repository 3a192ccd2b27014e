"""The soak runs, for seconds: what it says of memory means nothing then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks.soak import MODES, soak


@pytest.mark.slow("a soak runs for some seconds and starts its instances as a person does")
async def test_every_message_is_answered_and_the_projections_are_whole(tmp_path: Path) -> None:
    """Both modes answer all that was written to them, and `verify` finds no difference."""
    async with asyncio.timeout(120):
        document = await soak(minutes=0.05, rate=10, chats=5, folder=tmp_path)
    assert set(document.modes) == set(MODES)
    for soaked in document.modes.values():
        assert soaked.messages == 15
        assert soaked.events > soaked.messages
        assert soaked.verified
    assert len(document.targets) == 4 * len(MODES)
