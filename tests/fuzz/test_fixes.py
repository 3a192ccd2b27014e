"""The fuzz sees what it is for: each fix that is taken out again makes it fail, at the input that did harm once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.fuzz.judge import judging
from tests.fuzz.pinned import FIXES, Fix
from tests.fuzz.tally import Tally
from tests.fuzz.values import Values
from tests.fuzz.world import world

PATIENCE = 2.0
"""Seconds after which what does not end is taken for stuck, where that is expected."""


async def tried(folder: Path, fix: Fix, patience: float) -> None:
    """One world into which this comes, judged."""
    values = Values("pinned")
    async with world(folder, values, Tally(), share=0.0) as made:
        async with judging(made, patience, forgives=fix.breaks is not None) as judge:
            await fix.comes(made)
            await judge.others_are_answered()


@pytest.mark.parametrize("name", FIXES)
def test_with_the_fix(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fix = FIXES[name]
    if fix.breaks is not None:
        fix.breaks(monkeypatch)
    asyncio.run(tried(tmp_path, fix, 20.0))


@pytest.mark.parametrize("name", FIXES)
def test_without_the_fix(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fix = FIXES[name]
    if fix.breaks is not None:
        fix.breaks(monkeypatch)
    fix.without(monkeypatch)
    with pytest.raises((AssertionError, SystemExit)):
        asyncio.run(tried(tmp_path, fix, PATIENCE))
