"""A lease in the KV bucket LEASES: one holder at a time, gone some seconds after its holder is.

Leases give liveness only; what keeps a chat's decisions single is the CAS of every append. The bucket is in memory, so
a restarted server has none, and whoever renews first makes it anew.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta

import msgspec
import nats.errors
import nats.js.errors
import structlog
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig, StorageType

from actors.bus_time import boot_seconds

log = structlog.get_logger("recado.leases")

BUCKET = "LEASES"
TTL = timedelta(seconds=3)
RENEW_EVERY = 1.0
"""Seconds between two renewals, and between two looks at a lease that somebody else holds."""

_WRONG_SEQUENCE = {10071, 10164}


class Holder(msgspec.Struct, frozen=True):
    """Who has a lease: the instance's name, kept over restarts, and this very start of it."""

    instance: str
    incarnation: str


class Lease:
    """Takes the lease `key` whenever it is free, and tells when it is taken and when it is lost.

    While `fit` says no, the lease is not taken, and let go of if it is held: then somebody else can do the work.
    A lease that an earlier start of this instance holds is taken at once, but only once: two processes that bear the
    same name by mistake do not take it from each other in turns.

    `js` should give up on an answer sooner than a lease lasts: `bus.jetstream(timeout=1.0)`.
    """

    def __init__(
        self,
        js: JetStreamContext,
        key: str,
        me: Holder,
        *,
        replicas: int = 1,
        fit: Callable[[], bool] = lambda: True,
    ) -> None:
        self._js = js
        self._subject = f"$KV.{BUCKET}.{key}"
        self._key = key
        self._me = me
        self._replicas = replicas
        self._fit = fit
        self._revision = 0
        self._renewed_at = 0.0
        self._robbed = False
        self.held = False
        self.holder: Holder | None = None
        """Who had the lease when last looked at."""

    async def keep(self, on_taken: Callable[[], None], on_lost: Callable[[], None]) -> None:
        """Take, renew, take back, for ever; `on_taken` and `on_lost` alternate. Cancelled, it lets go of the lease."""
        try:
            while True:
                await self._once(on_taken, on_lost)
                await asyncio.sleep(RENEW_EVERY)
        finally:
            await self._let_go()

    async def _once(self, on_taken: Callable[[], None], on_lost: Callable[[], None]) -> None:
        sent = boot_seconds()
        if not self._fit():
            if self.held:
                log.warning("lease_unfit", lease=self._key)
                await self._let_go()
                on_lost()
            return
        try:
            mine = await self._renew() if self.held else await self._take()
        except (nats.errors.Error, nats.js.errors.Error, TimeoutError) as error:
            # Counted from when the last renewal was sent: the server cannot have kept the lease any longer.
            mine = self.held and boot_seconds() - self._renewed_at < TTL.total_seconds()
            log.warning("lease_unanswered", lease=self._key, held=mine, reason=str(error) or type(error).__name__)
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
        revision, holder = await self._look()
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
        taken = await self._write(revision)
        self._robbed = self._robbed and not taken
        return taken

    async def _renew(self) -> bool:
        try:
            if await self._write(self._revision):
                return True
        except (nats.js.errors.NoStreamResponseError, nats.errors.NoRespondersError):
            await self._make_bucket()
        # A restarted server has no bucket, or an empty one that somebody made for another lease. Whoever comes first
        # has this one, and that is most likely its holder.
        revision, _ = await self._look()
        return revision == 0 and await self._write(0)

    async def _is_ours(self) -> bool:
        """Whether what stands there is an earlier write of ours, of which the answer was lost."""
        revision, holder = await self._look()
        if holder != self._me:
            return False
        self._revision = revision
        return True

    async def _write(self, revision: int) -> bool:
        """Write our name over `revision`; False if somebody was faster."""
        headers = {"Nats-Expected-Last-Subject-Sequence": str(revision)}
        value = msgspec.json.encode(self._me)
        try:
            ack = await self._js.publish(
                self._subject, value, headers=headers, timeout=RENEW_EVERY, msg_ttl=TTL.total_seconds()
            )
        except nats.js.errors.APIError as error:
            if error.err_code in _WRONG_SEQUENCE:
                return await self._is_ours()
            raise
        self._revision, self.holder = ack.seq, self._me
        return True

    async def _look(self) -> tuple[int, Holder | None]:
        """The lease's revision, and who holds it if anybody does."""
        try:
            entry = await self._js.get_last_msg(f"KV_{BUCKET}", self._subject)
        except nats.js.errors.NotFoundError as error:
            if error.err_code == 10059:
                await self._make_bucket()
            return 0, None
        ended = entry.headers is not None and ("KV-Operation" in entry.headers or "Nats-Marker-Reason" in entry.headers)
        if ended or not entry.data:
            return entry.seq or 0, None
        try:
            return entry.seq or 0, msgspec.json.decode(entry.data, type=Holder)
        except msgspec.DecodeError as error:
            log.warning("lease_unreadable", lease=self._key, reason=str(error), then="it is taken as free")
            return entry.seq or 0, None

    async def _make_bucket(self) -> None:
        await self._js.create_key_value(
            KeyValueConfig(
                bucket=BUCKET,
                storage=StorageType.MEMORY,
                replicas=self._replicas,
                limit_marker_ttl=TTL.total_seconds(),
            )
        )

    async def _let_go(self) -> None:
        if not self.held:
            return
        self.held = False
        headers = {"Nats-Expected-Last-Subject-Sequence": str(self._revision), "KV-Operation": "DEL"}
        # Best effort: without an answer the lease ends by itself.
        with contextlib.suppress(nats.errors.Error, nats.js.errors.Error, TimeoutError):
            await self._js.publish(self._subject, b"", headers=headers, timeout=RENEW_EVERY)
            log.info("lease_released", lease=self._key)
