"""The debounce: how long a chat waits for the end of a burst of messages."""

from __future__ import annotations

import msgspec

LONGEST = 10
"""Times the debounce that the first message of a burst waits at most."""


class Burst(msgspec.Struct, gc=False):
    """Messages that come one after the other, in seconds of any clock: when the `first` of those that wait came, and
    when the `last` message came."""

    first: float
    last: float

    def somebody_wrote(self, at: float, *, first: bool) -> None:
        """A message came: the burst goes on, or begins with it if it is the `first` that waits."""
        self.last = at
        if first:
            self.first = at

    def ends(self, debounce: float) -> float:
        """When it is over, if nothing more comes."""
        return min(self.last + debounce, self.first + LONGEST * debounce)
