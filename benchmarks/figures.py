"""The result of a benchmark: figures with their spread, each compared with its promise."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence

import msgspec

Say = Callable[[str], None]
"""Tells whoever waits how far a benchmark is."""


class Figure(msgspec.Struct, frozen=True):
    """The median of repeated measurements, the lowest and the highest of them, and how many there were."""

    median: float
    low: float
    high: float
    runs: int
    unit: str


class Target(msgspec.Struct, frozen=True):
    """What was promised: the figure's name, `at_least` or `at_most` with its bound, what was measured."""

    what: str
    bound: str
    wanted: float
    measured: float
    unit: str
    reached: bool


class Outcome(msgspec.Struct, frozen=True):
    """A benchmark's results. `setup` says what was run, in words or numbers."""

    setup: dict[str, str | int | float]
    figures: dict[str, Figure]
    targets: tuple[Target, ...] = ()


def figure(values: Iterable[float], unit: str) -> Figure:
    """The median and spread of `values`."""
    each = list(values)
    return Figure(_short(statistics.median(each)), _short(min(each)), _short(max(each)), len(each), unit)


def ratio(above: Sequence[float], below: Sequence[float]) -> Figure:
    """How many times `below` is `above`, round by round: what disturbs the machine disturbs both of a round."""
    return figure([a / b for a, b in zip(above, below, strict=True)], "times")


def at_least(what: str, measured: Figure, wanted: float) -> Target:
    return Target(what, "at_least", wanted, measured.median, measured.unit, measured.median >= wanted)


def at_most(what: str, measured: Figure, wanted: float) -> Target:
    return Target(what, "at_most", wanted, measured.median, measured.unit, measured.median <= wanted)


def never_over(what: str, measured: Figure, wanted: float) -> Target:
    """Even the highest of the measurements is held to it."""
    return Target(what, "at_most", wanted, measured.high, measured.unit, measured.high <= wanted)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _short(value: float) -> float:
    return float(f"{value:.4g}")
