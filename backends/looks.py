"""How often one looks at what a provider works on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

FIRST_LOOK = 0.2
LONGEST_LOOK = 2.0
"""Seconds between two looks; each wait is half as long again as the one before."""

LATE_LOOKS = (0.0, 1.0, 3.0)
"""Waits between the looks for what works for a turn that is over: the request for it may still be on its way."""

Sleep = Callable[[float], Awaitable[None]]


def looks() -> Iterator[float]:
    """The waits, without end."""
    wait = FIRST_LOOK
    while True:
        yield wait
        wait = min(wait * 1.5, LONGEST_LOOK)
