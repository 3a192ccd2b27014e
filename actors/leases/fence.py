"""Blocks appends and effects once the instance's presence may have expired."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from actors.leases.clocks import boot_seconds

log = structlog.get_logger("recado.leases")

TTL = 3.0
"""Seconds for which a presence or a lease lasts once it was renewed."""


class Fenced(Exception):
    """The instance could not renew its presence in time: others may own its chats, so it neither decides nor acts."""


class Fence:
    """Holds for TTL seconds from when a renewal was *sent*: the server cannot have kept the presence for less.

    Time is counted while the machine sleeps too. Once met when it did not hold it has `tripped`: something was
    refused, and everything that was under way has to be given up before the instance may go on.
    """

    def __init__(self, seconds: Callable[[], float] = boot_seconds) -> None:
        self._seconds = seconds
        self._until = 0.0
        self.tripped = False

    @property
    def holds(self) -> bool:
        return self._seconds() < self._until

    def renewed(self, sent: float) -> None:
        """A renewal that was sent at `sent` (boot seconds) was taken."""
        self._until = sent + TTL

    def drop(self) -> None:
        """Nothing is owned and nothing under way: the next renewal begins anew."""
        self._until = 0.0
        self.tripped = False

    def check(self) -> None:
        """Raises Fenced unless it holds. To be asked before every append and every effect."""
        if self.holds:
            return
        if not self.tripped:
            log.warning("fenced", then="nothing is decided or begun until the leases are renewed")
        self.tripped = True
        raise Fenced


class NoFence(Fence):
    """Of an instance that is alone on its log."""

    @property
    def holds(self) -> bool:
        return True
