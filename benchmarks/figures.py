"""The result of a benchmark: figures with their spread, each compared with its promise."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence

import msgspec

Say = Callable[[str], None]
"""Reports a benchmark's progress."""


class Figure(msgspec.Struct, frozen=True):
    """The median, the lowest and the highest of repeated measurements, and their number."""

    median: float
    low: float
    high: float
    runs: int
    unit: str


class Target(msgspec.Struct, frozen=True):
    """A promise about a figure.

    - `what`: the figure's name.
    - `bound`: `at_least` or `at_most`.
    - `wanted`: the promised value.
    - `measured`: the measured value.
    - `unit`: the unit of both.
    - `reached`: whether the promise is kept.
    """

    what: str
    bound: str
    wanted: float
    measured: float
    unit: str
    reached: bool


class Outcome(msgspec.Struct, frozen=True):
    """A benchmark's results. `setup` describes the run."""

    setup: dict[str, str | int | float]
    figures: dict[str, Figure]
    targets: tuple[Target, ...] = ()


def figure(values: Iterable[float], unit: str) -> Figure:
    """The median and spread of `values`."""
    each = list(values)
    return Figure(_short(statistics.median(each)), _short(min(each)), _short(max(each)), len(each), unit)


def ratio(above: Sequence[float], below: Sequence[float]) -> Figure:
    """`above` divided by `below`, round by round, because a disturbance of the machine hits both of a round."""
    return figure([a / b for a, b in zip(above, below, strict=True)], "times")


def at_least(what: str, measured: Figure, wanted: float) -> Target:
    return Target(what, "at_least", wanted, measured.median, measured.unit, measured.median >= wanted)


def at_most(what: str, measured: Figure, wanted: float) -> Target:
    return Target(what, "at_most", wanted, measured.median, measured.unit, measured.median <= wanted)


def never_over(what: str, measured: Figure, wanted: float) -> Target:
    """A promise about the highest of the measurements."""
    return Target(what, "at_most", wanted, measured.high, measured.unit, measured.high <= wanted)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that the share `share` (0 to 1) of `values` does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _short(value: float) -> float:
    return float(f"{value:.4g}")
