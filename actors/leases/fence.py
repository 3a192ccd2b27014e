"""Blocks appends and effects once the instance's presence may have expired."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from actors.leases.clocks import boot_seconds

log = structlog.get_logger("recado.leases")

TTL = 3.0
"""Seconds for which a presence or a lease lasts after its renewal."""


class Fenced(Exception):
    """The instance could not renew its presence in time: others may own its chats, so it neither decides nor acts."""


class Fence:
    """Holds for TTL seconds after the last renewal was *sent*: the server keeps the presence at least that long.

    The machine's sleep counts as time. A check of a fence that does not hold sets `tripped`: an action was refused, and
    the instance must give up everything under way before it goes on.
    """

    def __init__(self, seconds: Callable[[], float] = boot_seconds) -> None:
        self._seconds = seconds
        self._until = 0.0
        self.tripped = False

    @property
    def holds(self) -> bool:
        return self._seconds() < self._until

    def renewed(self, sent: float) -> None:
        """Note that the server took the renewal that was sent at `sent` (boot seconds)."""
        self._until = sent + TTL

    def drop(self) -> None:
        """Reset the fence, once nothing is owned and nothing is under way."""
        self._until = 0.0
        self.tripped = False

    def check(self) -> None:
        """Raises Fenced unless the fence holds. Call it before every append and every effect."""
        if self.holds:
            return
        if not self.tripped:
            log.warning("fenced", then="nothing is decided or begun until the leases are renewed")
        self.tripped = True
        raise Fenced


class NoFence(Fence):
    """The fence of an instance that is alone on its log: it always holds."""

    @property
    def holds(self) -> bool:
        return True
