"""A small share of `make fuzz`: another seed each time, which a failure names."""

from __future__ import annotations

import os
from random import SystemRandom

import pytest

from tests.fuzz.model import MODES
from tests.fuzz.run import fuzz
from tests.fuzz.tally import STAGES, Tally

INPUTS = 250
SEED = int(os.environ.get("FUZZ_SEED") or SystemRandom().randrange(10**9))


@pytest.mark.parametrize("mode", MODES)
async def test_arbitrary_inputs(mode: str) -> None:
    tally = Tally()
    await fuzz(SEED, INPUTS, tally, mode=mode)
    told = tally.told()
    assert tally.count >= INPUTS, told
    assert all(tally.got[stage] for stage in STAGES), told
