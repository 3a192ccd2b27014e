"""A single lease in the bucket LEASES: it has one holder at a time, and expires seconds after its holder is gone.

Gateways hold their leases like this, under `g.<account>`; `ownership` shares the partitions among instances. A lease
gives liveness only: a reply's claim in the log keeps it from being sent twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import structlog

from actors.leases.bucket import LeaseBucket, LeasesUnavailable
from actors.leases.clocks import boot_seconds
from actors.leases.fence import TTL
from actors.leases.members import UNKNOWN, Holder, holder_in

log = structlog.get_logger("recado.leases")

RENEW_EVERY = 1.0
"""Seconds between two renewals, and between two looks at a lease that another process holds."""


class Lease:
    """Takes the lease `key` when it is free and renews it; reports when it takes or loses the lease.

    A lease of an earlier start of this instance is taken at once, but only once: two processes with the same name by
    mistake do not take it from each other in turns.
    """

    def __init__(self, bucket: LeaseBucket, key: str, me: Holder) -> None:
        self._bucket = bucket
        self._key = key
        self._me = me
        self._revision = 0
        self._renewed_at = 0.0
        self._robbed = False
        self._unreadable = (0, 0.0)
        self.held = False
        self.holder: Holder | None = None
        """The holder at the last look."""

    async def keep(self, on_taken: Callable[[], None], on_lost: Callable[[], None]) -> None:
        """Take, renew and take back the lease until cancelled, then let it go. `on_taken` and `on_lost` alternate."""
        try:
            while True:
                await self._once(on_taken, on_lost)
                await asyncio.sleep(RENEW_EVERY)
        finally:
            await self._let_go()

    async def _once(self, on_taken: Callable[[], None], on_lost: Callable[[], None]) -> None:
        sent = boot_seconds()
        try:
            mine = await self._renew() if self.held else await self._take()
        except LeasesUnavailable as fault:
            # Counted from the sending of the last renewal: the server keeps the lease at least until then.
            mine = self.held and boot_seconds() - self._renewed_at < TTL
            log.warning("lease_unanswered", lease=self._key, held=mine, reason=str(fault))
        else:
            self._renewed_at = sent if mine else 0.0
        if mine and not self.held:
            self.held = True
            log.info("lease_taken", lease=self._key)
            on_taken()
        elif self.held and not mine:
            self.held = False
            self._robbed = True
            log.warning("lease_lost", lease=self._key, holder=self.holder and self.holder.instance)
            on_lost()

    async def _take(self) -> bool:
        entry = await self._bucket.read(self._key)
        holder = holder_in(self._key, entry)
        if holder == UNKNOWN and self._is_stale(entry.revision):
            holder = None
        namesake = holder is not None and holder.instance == self._me.instance
        if holder is not None and (not namesake or self._robbed):
            if self.holder != holder:
                log.info("stands_by", lease=self._key, holder=holder.instance)
            if namesake and self.holder != holder:
                log.error(
                    "namesake", instance=holder.instance, help="two instances share RECADO_INSTANCE or a data folder"
                )
            self.holder = holder
            return False
        taken = await self._write(entry.revision)
        self._robbed = self._robbed and not taken
        return taken

    def _is_stale(self, revision: int) -> bool:
        """True if an unreadable value has stayed the same for longer than a holder would leave it."""
        if self._unreadable[0] != revision:
            self._unreadable = (revision, boot_seconds())
        return boot_seconds() - self._unreadable[1] > TTL

    async def _renew(self) -> bool:
        if await self._write(self._revision):
            return True
        entry = await self._bucket.read(self._key)
        holder = holder_in(self._key, entry)
        if holder in (self._me, UNKNOWN):
            # It is an earlier write of ours whose answer was lost, or an unreadable value, which takes no lease away.
            return await self._write(entry.revision)
        # A restarted server has no bucket, or an empty one, made for another lease. The first writer gets this lease:
        # most likely its former holder.
        return entry.revision == 0 and await self._write(0)

    async def _write(self, revision: int) -> bool:
        """Write our name over `revision`; False if another process was faster."""
        written = await self._bucket.write(self._key, msgspec.json.encode(self._me), revision, ttl=TTL)
        if written is None:
            return False
        self._revision, self.holder = written, self._me
        return True

    async def _let_go(self) -> None:
        if not self.held:
            return
        self.held = False
        try:
            await self._bucket.delete(self._key, self._revision)
            log.info("lease_released", lease=self._key)
        except LeasesUnavailable as fault:
            log.warning("lease_not_released", lease=self._key, reason=str(fault), then="it ends by itself")
