"""Numbers over time as a bar chart: the positions of bars and lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from projections.reads.volume import Volume

WIDTH, HEIGHT = 720, 180
_BASE, _TOP = 170, 16
_LEAST = 1.5
"""The smallest height of a bar."""


class Series(msgspec.Struct, frozen=True):
    """A series of the chart, with the total of its numbers."""

    name: str
    total: int


class Bar(msgspec.Struct, frozen=True):
    """A rectangle of the chart; the bars of one time are side by side.

    - `x`, `y`: its upper left corner.
    - `width`, `height`: its size.
    - `series`: the number of its series, counted from 1.
    - `title`: its number, series and time as text.
    """

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


class Tick(msgspec.Struct, frozen=True):
    """A horizontal line at the height of a value."""

    y: float
    value: int


class Chart(msgspec.Struct, frozen=True):
    """A chart as a template draws it.

    - `title`: its title.
    - `series`: its series.
    - `bars`: its bars.
    - `ticks`: its horizontal lines.
    - `first`, `last`: its first and last time; None without data.
    - `width`, `height`: its size.
    """

    title: str
    series: tuple[Series, ...]
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    first: datetime | None
    last: datetime | None
    width: int = WIDTH
    height: int = HEIGHT


def chart(title: str, volumes: Sequence[Volume], fields: Mapping[str, str]) -> Chart:
    """A chart with a bar for each of `fields` (name: field of Volume) in each step where the number is not 0."""
    values = {name: [getattr(one, field) for one in volumes] for name, field in fields.items()}
    most = max((max(column, default=0) for column in values.values()), default=0)
    top = _round_up(most)
    slot = WIDTH / max(len(volumes), 1)
    width = slot * 0.8 / len(values)
    scale = (_BASE - _TOP) / top
    bars = []
    for number, (name, column) in enumerate(values.items(), 1):
        for at, value in enumerate(column):
            if value:
                height = max(value * scale, _LEAST)
                x = at * slot + slot * 0.1 + (number - 1) * width
                told = f"{value:,} {name}, {volumes[at].at:%Y-%m-%d %H:%M} UTC"
                bars.append(Bar(round(x, 1), round(_BASE - height, 1), round(width, 1), round(height, 1), number, told))
    shares = (0.5, 1.0) if most else ()
    ticks = tuple(Tick(round(_BASE - share * top * scale, 1), int(top * share)) for share in shares)
    series = tuple(Series(name, sum(column)) for name, column in values.items())
    first, last = (volumes[0].at, volumes[-1].at) if volumes else (None, None)
    return Chart(title, series, tuple(bars), ticks, first, last)


def _round_up(most: int) -> int:
    """The next of 2, 4, 10, 20, 40, 100 … at or above `most`."""
    scale = 1
    while True:
        for step in (2, 4, 10):
            if most <= step * scale:
                return step * scale
        scale *= 10
