"""A small share of `make fuzz`: always the same seed, since chance belongs to `make fuzz`."""

from __future__ import annotations

import os

import pytest

from tests.fuzz.model import MODES
from tests.fuzz.run import fuzz
from tests.fuzz.tally import STAGES, Tally

INPUTS = 200
SEED = int(os.environ.get("FUZZ_SEED", "1"))


@pytest.mark.parametrize("keeps_threads", [False, True])
async def test_arbitrary_inputs(keeps_threads: bool) -> None:
    """In one of the modes in which the provider keeps threads, or in the one without."""
    mode, tally = MODES[1 + SEED % 3] if keeps_threads else MODES[0], Tally()
    await fuzz(SEED, INPUTS, tally, mode=mode)
    told = tally.told()
    assert tally.count >= INPUTS, told
    assert all(tally.got[stage] for stage in STAGES), told
