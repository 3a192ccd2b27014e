"""Three instances under load while whatever a seed says goes wrong: they die, leave, hang, are cut off, join; the
server dies. Afterwards every promise holds.

The schedule is printed with its seed; RECADO_CHAOS_SEED repeats it, here and in `make chaos`, which does this for 20
minutes, with a single server and a cluster in turns.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from events.subjects import partition
from tests.chaos.delays import waits
from tests.chaos.faults import BUS, Shape, Suffered, play, schedule
from tests.chaos.fleet import Fleet, fleet
from tests.chaos.load import SETTINGS, Mix, writing

NAMES = ("a", "b", "c")
WIRED = "a"
LATENCY = 0.3
MIX = Mix(chats=200, pause=0.08, trouble_at_the_provider=0)

SHORT = Shape(length=20.0, pace=2.5, away=1.5, hang=5.0)
LONG = Shape(length=120.0, pace=5.0, away=6.0, hang=10.0)

TAKEN_OVER_WITHIN = 15.0
"""Seconds that no message may wait whose instance is in no trouble. A takeover takes 5; a busy machine is slow."""

AFTERMATH = 5.0
"""Seconds for which a fault that was put right may still be felt."""

ROUNDS = range(8)
SEED = os.environ.get("RECADO_CHAOS_SEED")


@pytest.mark.parametrize(("servers", "seed"), [(1, "1"), (3, "2")], ids=["one server", "a cluster"])
@pytest.mark.slow("20 s of faults, and then all instances settle")
async def test_a_short_run(tmp_path: Path, servers: int, seed: str) -> None:
    """Every kind of fault comes once or more."""
    await _survives(tmp_path, servers, SEED or seed, SHORT)


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("round_", ROUNDS)
async def test_a_long_run(tmp_path: Path, round_: int) -> None:
    """The even rounds have one server, the odd ones a cluster of three."""
    seed = SEED or os.environ["RECADO_TEST_SEED"]
    await _survives(tmp_path, (1, 3)[round_ % 2], f"{seed}-{round_}", LONG)


async def _survives(folder: Path, servers: int, seed: str, shape: Shape) -> None:
    faults = schedule(seed, shape, NAMES, WIRED)
    _say(f"RECADO_CHAOS_SEED={seed}, {servers} nats-server:", *map(str, faults))
    async with fleet(folder, *NAMES, servers=servers, wired=WIRED, latency=LATENCY, **SETTINGS) as those:
        await those.started(*NAMES)
        async with writing(those.outsider, those.model, random.Random(seed), MIX) as people:
            suffered = await play(faults, those)
            await those.spread(*NAMES)
            for name in NAMES:
                await those.healthy(name)
                key = await those.chat_of(name)
                await those.answered(key, f"probe-{name}", "are you there?")
        await those.log.has_all(people.acknowledged)
        await those.kept_its_promises(*NAMES, seed=seed)
        assert len(people.acknowledged) > 50, "there was no load"
        _nobody_else_waited(those, suffered)


def _nobody_else_waited(those: Fleet, suffered: Sequence[Suffered]) -> None:
    """Print how long people waited at each fault; with an instance in no trouble, no longer than a takeover takes."""
    waited = waits(those.log.events)
    for fault, at, owners in suffered:
        window = fault.lasts + AFTERMATH
        # Also what comes while the last message of these seconds may still wait.
        ends = fault.at + window + AFTERMATH
        at_once = [one.fault for one in suffered if one.fault.at < ends]
        troubled = {one.target for one in at_once if one.at + one.lasts + AFTERMATH > fault.at}
        lost, others = 0.0, 0.0
        for wait in waited:
            if at <= wait.at < at + timedelta(seconds=window):
                owner = owners.get(partition(wait.key), fault.target)
                if owner == fault.target:
                    lost = max(lost, wait.seconds)
                if not troubled & {owner, wait.before, wait.by}:
                    others = max(others, wait.seconds)
        _say(f"{fault}: its chats waited up to {lost:.1f} s, those of undisturbed instances up to {others:.1f} s")
        if BUS not in troubled:
            assert others < TAKEN_OVER_WITHIN, fault


def _say(*lines: str) -> None:
    """Shown when the test fails, and with pytest's -s, as `make chaos` has it."""
    sys.stderr.write("".join(f"{line}\n" for line in lines))
