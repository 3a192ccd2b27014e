"""The pauses between tries."""

from __future__ import annotations

import asyncio

import pytest

from events.backoff import Backoff


async def test_pauses_double_up_to_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reset begins again with the first."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    pause = Backoff(0.5, 3.0)
    for _ in range(4):
        await pause.wait()
    pause.reset()
    await pause.wait()
    assert slept == [0.5, 1.0, 2.0, 3.0, 0.5]
    assert pause.seconds == 1.0
