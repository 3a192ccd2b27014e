"""The fuzz sees what it is for: each fix that is taken out again makes it fail, at the input that did harm once."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.fuzz.fixes import FIXES
from tests.fuzz.fixes.fix import Fix, behave
from tests.fuzz.judge import judging
from tests.fuzz.tally import Tally
from tests.fuzz.values import Values
from tests.fuzz.world import world

PATIENCE = 2.0
"""Seconds after which what does not end is taken for stuck, where that is expected."""


async def tried(folder: Path, fix: Fix, patience: float) -> None:
    """One world into which this comes, judged."""
    values = Values("pinned")
    forgives = fix.breaks is not None
    async with (
        world(folder, values, Tally(), share=0.0) as made,
        judging(made, patience, forgives=forgives) as judge,
    ):
        await fix.comes(made)
        await judge.others_are_answered()


async def test_with_every_fix(tmp_path: Path) -> None:
    """One after the other, in one world: none does harm."""
    async with world(tmp_path, Values("pinned"), Tally(), share=0.0) as made, judging(made) as judge:
        good = made.provider.reply
        for fix in FIXES.values():
            if fix.breaks is None:
                await fix.comes(made)
                await judge.all_is_ended()
                behave(made, good)


@pytest.mark.parametrize("name", [name for name, fix in FIXES.items() if fix.breaks is not None])
def test_with_the_rule(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks on purpose is set aside, and the rest goes on."""
    fix = FIXES[name]
    assert fix.breaks is not None
    fix.breaks(monkeypatch)
    asyncio.run(tried(tmp_path, fix, 20.0))


@pytest.mark.parametrize("name", FIXES)
def test_without_the_fix(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fix = FIXES[name]
    if fix.breaks is not None:
        fix.breaks(monkeypatch)
    fix.without(monkeypatch)
    with pytest.raises((AssertionError, SystemExit)) as broken:
        asyncio.run(tried(tmp_path, fix, PATIENCE))
    assert re.search(fix.shows, f"{broken.value}"), f"another fault: {broken.value}"
