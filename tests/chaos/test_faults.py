"""A schedule of faults can be trusted: it is what its seed says, and leaves somebody to go on."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chaos.faults import BUS, KINDS, STRANGER, Shape, schedule

NAMES = ("a", "b", "c")
SHAPE = Shape(length=60.0, pace=4.0, away=2.0, hang=5.0)
seeds = st.integers(0, 1_000_000).map(str)


@given(seeds)
def test_a_seed_gives_the_same_faults_for_ever(seed: str) -> None:
    """Again and again; another seed gives others."""
    faults = schedule(seed, SHAPE, NAMES, "a")
    assert faults == schedule(seed, SHAPE, NAMES, "a")
    assert faults != schedule(f"{seed}0", SHAPE, NAMES, "a")


@settings(max_examples=50)
@given(seeds)
def test_everything_comes_in_turns_and_one_member_is_spared(seed: str) -> None:
    """In order of time, within the length; whatever is in trouble gets no more of it; one member has none."""
    faults = schedule(seed, SHAPE, NAMES, "a")
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert {fault.kind for fault in faults} == set(KINDS)
    assert {fault.target for fault in faults} <= {*NAMES, BUS, STRANGER}
    assert all(fault.target == "a" for fault in faults if fault.kind == "cut")
    for number, fault in enumerate(faults):
        troubled = [other.target for other in faults[:number] if other.at + other.lasts > fault.at]
        assert fault.target not in troubled
        assert len({fault.target, *troubled} & set(NAMES)) < len(NAMES)
        assert fault.at < SHAPE.length
