"""The debounce: how long a chat waits for the end of a burst of messages."""

from __future__ import annotations

import msgspec

LONGEST = 10
"""The longest wait for the end of a burst after its first message, as a multiple of the debounce."""


class Burst(msgspec.Struct, gc=False):
    """Messages in quick succession, in seconds of any clock.

    - `first`: the time of the first message that waits.
    - `last`: the time of the last message.
    """

    first: float
    last: float

    def person_wrote(self, at: float, *, first: bool) -> None:
        """A message came. It continues the burst, or begins one if it is the `first` that waits."""
        self.last = at
        if first:
            self.first = at

    def ends(self, debounce: float) -> float:
        """The time of the end, if no more messages come."""
        return min(self.last + debounce, self.first + LONGEST * debounce)
