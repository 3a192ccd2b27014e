"""Waits between two polls of a provider's work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

FIRST_LOOK, SHORTEST_LOOK, LONGEST_LOOK = 0.2, 0.1, 2.0
"""Seconds between two polls: the first wait, the shortest later one, the longest. Each wait is a quarter of the time
waited so far, so that the end of one second's work is seen an eighth of a second late on average."""

LATE_LOOKS = (0.0, 1.0, 3.0)
"""Waits before each look for runs of a turn that is over: the request for one may still be on its way."""

Sleep = Callable[[float], Awaitable[None]]


def looks() -> Iterator[float]:
    """The waits, without end."""
    wait, waited = FIRST_LOOK, 0.0
    while True:
        yield wait
        waited += wait
        wait = min(max(waited / 4, SHORTEST_LOOK), LONGEST_LOOK)
