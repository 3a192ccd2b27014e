"""A small share of `make fuzz`: another seed each time, which a failure names."""

from __future__ import annotations

import os
from random import SystemRandom

import pytest

from tests.fuzz.model import MODES
from tests.fuzz.run import fuzz
from tests.fuzz.tally import STAGES, Tally

INPUTS = 200
SEED = int(os.environ.get("FUZZ_SEED") or SystemRandom().randrange(10**9))


@pytest.mark.parametrize("keeps_threads", [False, True])
async def test_arbitrary_inputs(keeps_threads: bool) -> None:
    """In one of the modes in which the provider keeps threads, or in the one without."""
    mode, tally = MODES[1 + SEED % 3] if keeps_threads else MODES[0], Tally()
    await fuzz(SEED, INPUTS, tally, mode=mode)
    told = tally.told()
    assert tally.count >= INPUTS, told
    assert all(tally.got[stage] for stage in STAGES), told
