"""The judge waits by what recado could do, and not by the clock on the wall."""

from __future__ import annotations

import pytest

from tests.fuzz.judge import Patience


@pytest.mark.parametrize(
    ("passes", "computes", "looks"),
    [
        pytest.param(0.02, 0.0, 100, id="nothing happens"),
        pytest.param(0.02, 0.01, 100, id="recado works"),
        pytest.param(5.0, 0.0, 100, id="the machine runs something else"),
        pytest.param(5.0, 0.02, 50, id="the machine gives it a moment each time"),
        pytest.param(5.0, 5.0, 1, id="one step computes for too long"),
    ],
)
def test_what_counts(passes: float, computes: float, looks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    now, computed = [0.0], [0.0]
    monkeypatch.setattr("tests.fuzz.judge.time.monotonic", lambda: now[0])
    monkeypatch.setattr("tests.fuzz.judge.time.process_time", lambda: computed[0])
    patience, looked = Patience(2.0), 0
    while looked < 1000:
        now[0] += passes
        computed[0] += computes
        looked += 1
        if patience.is_over():
            break
    assert looked in (looks, looks + 1)
