"""The accounts whose gateway runs, by the leases `g.<account>` on the bus."""

from __future__ import annotations

import asyncio

import structlog

from actors.leases.bucket import LeaseBucket, LeasesUnavailable
from events.subjects import untoken

PREFIX = "g."
EVERY = 15.0
"""Seconds between two looks."""

log = structlog.get_logger("recado.leases")


async def gateways(leases: LeaseBucket) -> frozenset[str]:
    """The accounts whose lease is held. Raises LeasesUnavailable."""
    entries = await leases.read_all()
    return frozenset(
        untoken(key.removeprefix(PREFIX))
        for key, entry in entries.items()
        if key.startswith(PREFIX) and entry.value is not None
    )


class Gateways:
    """The accounts whose gateway runs as of the last look; None: the bus does not say."""

    def __init__(self, leases: LeaseBucket) -> None:
        self._leases = leases
        self.there: frozenset[str] | None = None

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            try:
                self.there = await gateways(self._leases)
            except LeasesUnavailable as error:
                self.there = None
                log.warning("gateways_unknown", reason=str(error))
            await asyncio.sleep(EVERY)
