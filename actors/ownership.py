"""Who answers: the router is open while the lease is held and the projection has caught up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from actors.lease import Lease
from actors.router import Router


class Ownership:
    """Opens and closes the router as the lease comes and goes.

    `prepared` returns once the projection holds what the log held at start, and tools are known; `between_batches`
    calls a function while no batch is under way, so that no event falls between the scan for owed work and the first
    dispatch.
    """

    def __init__(
        self,
        lease: Lease,
        router: Router,
        prepared: Callable[[], Awaitable[Any]],
        between_batches: Callable[[Callable[[], None]], Awaitable[None]],
    ) -> None:
        self._lease = lease
        self._router = router
        self._prepared = prepared
        self._between_batches = between_batches
        self._changed = asyncio.Event()

    @property
    def owns(self) -> bool:
        return self._router.is_open

    @property
    def stands_by_for(self) -> str | None:
        """The instance that answers instead of this one, if any is known."""
        return self._lease.holder.instance if self._lease.holder and not self._lease.held else None

    async def run(self) -> None:
        """Until cancelled; then the lease is let go of, and the router is left to whoever drains it.

        Raises what ended the keeping of the lease, with the router closed.
        """
        # Nobody answers before the projection knows what is owed, so nobody needs the lease before.
        await self._prepared()
        keeping = asyncio.create_task(self._lease.keep(self._changed.set, self._changed.set))
        try:
            while not keeping.done():
                changed = asyncio.create_task(self._changed.wait())
                await asyncio.wait({changed, keeping}, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
                self._changed.clear()
                if self._lease.held and not self._router.is_open:
                    await self._between_batches(self._open)
                elif not self._lease.held and self._router.is_open:
                    await self._router.close()
            await self._router.close()
            keeping.result()
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    def _open(self) -> None:
        if self._lease.held:
            self._router.open()
