"""Ownership of partitions: this instance is a member, and shares the partitions with the other members.

One step is repeated for ever: renew the presence, read the bucket, let go of the partitions of others, take our own
that are free. A join, a leave, a crash, a restart of the server and a return of a lost instance are all this step.
Leases give liveness; the CAS of every append keeps a chat's decisions single.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import msgspec
import structlog

from actors import metrics
from actors.leases.assignment import assignment
from actors.leases.bucket import ABSENT, Entry, LeaseBucket, LeasesUnavailable
from actors.leases.clocks import boot_seconds
from actors.leases.fence import TTL, Fence
from actors.leases.members import PREFIX, UNKNOWN, Description, Holder, Member, Members, holder_in
from actors.leases.membership import Membership
from actors.router import Router
from events.codec import READS
from events.phrases import Phrase
from events.subjects import PARTITIONS

log = structlog.get_logger("recado.leases")

RENEW_EVERY = 1.0
"""Seconds between two renewals of the presence."""

LOOK_EVERY = 3.0
"""Seconds between two looks at the bucket when no change of it is heard."""

_AGAIN = 0.1
"""Seconds until the next try after another instance was faster, or the bucket refused."""


class Ownership:
    """Keeps this instance a member and gives its partitions to the router.

    - `members`: all members; kept up to date here.
    - `describe`: gives the description in this instance's presence.
    - `on_members`: called after each look at the bucket.
    - `fit`: whether the instance can work at all; while it cannot, it is no member.
    - `prepared`: returns once the projection has the log as of the start, and the tools are known.
    - `seconds`: the clock, in seconds since boot.
    """

    def __init__(
        self,
        bucket: LeaseBucket,
        me: Holder,
        members: Members,
        router: Router,
        fence: Fence,
        *,
        describe: Callable[[], Description],
        on_members: Callable[[], None],
        fit: Callable[[], bool],
        prepared: Callable[[], Awaitable[Any]],
        seconds: Callable[[], float] = boot_seconds,
    ) -> None:
        self.trouble: Phrase | None = Phrase("it has not joined the others yet")
        """Reason for which this instance is no member now; None if it is one."""
        self._bucket = bucket
        self._me = me
        self._members = members
        self._lease = msgspec.json.encode(Holder(me.instance, me.incarnation))
        self._router = router
        self._fence = fence
        self._describe = describe
        self._on_members = on_members
        self._fit = fit
        self._prepared = prepared
        self._seconds = seconds
        self._held: dict[int, int] = {}  # partition: the lease's revision
        self._membership = Membership.NEW
        self._leaving = self._listens = False
        self._revision = 0
        self._renew_at = self._look_at = self._remember_until = 0.0
        self._hint = asyncio.Event()

    @property
    def _joined(self) -> bool:
        return self._membership is Membership.MEMBER

    async def run(self) -> None:
        """Repeat the step until cancelled; then let go of everything."""
        # An instance answers no chat before its projection knows the pending work, so it needs no partition before.
        await self._prepared()
        try:
            while True:
                await self._step()
                until = min(self._renew_at, self._look_at) if self._joined else self._renew_at
                await self._hinted(until - self._seconds())
        finally:
            await self._go()

    async def leave(self, patience: float) -> None:
        """Give the chats to the others at once, and finish running turns for at most `patience` seconds. Cancel `run`
        afterwards."""
        self._leaving = True
        self._look_at = 0.0
        self._hint.set()
        # Without this `finished` would return at once: the next step lets go of the partitions later.
        self._router.let_go(frozenset(self._held), finish=True)
        await self._router.finished(patience)

    async def _hinted(self, patience: float) -> None:
        self._hint.clear()
        try:
            async with asyncio.timeout(max(patience, 0.005)):
                await self._hint.wait()
        except TimeoutError:
            pass

    def _heard(self, key: str, value: bytes) -> None:
        if key.startswith(PREFIX):
            is_news = self._members.heard(key, value)
        else:
            is_news = not key or (key.startswith("p.") and value != self._lease)
        if is_news:
            self._look_at = 0.0
            self._hint.set()

    async def _step(self) -> None:
        try:
            if not self._listens:
                await self._bucket.ensure()
                await self._bucket.watch(self._heard)
                self._listens = True
            if not self._fit():
                if self._joined:
                    log.warning("unfit", then="others answer until the projection can be written again")
                    await self._go()
                self.trouble = Phrase("the projection cannot be written")
                self._renew_at = self._seconds() + RENEW_EVERY
                return
            if self._joined and (self._fence.tripped or not self._fence.holds):
                await self._fall(Phrase("the presence could not be renewed in time"))
            if self._seconds() >= self._renew_at:
                await self._renew()
            if self._joined and self._seconds() >= self._look_at:
                await self._look()
        except LeasesUnavailable as fault:
            trouble = Phrase("the leases do not answer; they are asked again: %(reason)s", reason=fault.reason)
            if trouble != self.trouble:
                log.warning("leases_unanswered", reason=str(fault), member=self._joined)
            self.trouble = trouble
            metrics.renewals.labels("unanswered").inc()
            again = self._seconds() + _AGAIN
            self._renew_at, self._look_at = max(self._renew_at, again), max(self._look_at, again)

    async def _renew(self) -> None:
        sent = self._seconds()
        self._renew_at = sent + RENEW_EVERY
        key, value = PREFIX + self._me.instance, msgspec.json.encode(self._presence())
        revision = await self._bucket.write(key, value, self._revision, ttl=TTL) if self._joined else None
        if revision is None:
            entry = await self._bucket.read(key)
            who = holder_in(key, entry)
            another = who is not None and who != UNKNOWN and who.incarnation != self._me.incarnation
            if who is not None and another and self._membership in (Membership.MEMBER, Membership.REPLACED):
                return await self._stand_by(who)
            revision = await self._bucket.write(key, value, entry.revision, ttl=TTL)
            if revision is None:
                self._renew_at = sent
                return None
            if who is None and self._membership is not Membership.NEW:
                # The bucket was away, or we were: the others may be about to come back to it as well.
                self._remember_until = self._seconds() + TTL
            self._look_at = 0.0
        self._revision = revision
        self._fence.renewed(sent)
        metrics.renewals.labels("renewed").inc()
        self.trouble = None
        if not self._joined:
            self._membership = Membership.MEMBER
            log.info("joined", instance=self._me.instance, incarnation=self._me.incarnation)
        return None

    def _presence(self) -> Member:
        return Member(
            self._me.instance,
            self._me.incarnation,
            leaving=self._leaving,
            finishing=self._router.finishing,
            reads=READS,
            says=self._describe(),
        )

    async def _stand_by(self, other: Holder) -> None:
        """Give way to another process of our name, which was started later: two processes that took the name from each
        other in turns would answer no chat."""
        if self._membership is not Membership.REPLACED:
            log.error("namesake", instance=other.instance, help="two instances share RECADO_INSTANCE or a data folder")
        if self._joined:
            await self._fall(Phrase("another process bears our name"))
        self._membership = Membership.REPLACED
        self.trouble = Phrase(
            "another process bears the name %(name)s: give each a RECADO_INSTANCE and a data folder",
            name=other.instance,
        )

    async def _fall(self, reason: Phrase) -> None:
        """Give up everything, since the others may have taken us for dead: no lease is ours until we write it again."""
        log.warning("lease_lost", partitions=len(self._held), reason=reason)
        metrics.falls.inc()
        self.trouble = reason
        await self._router.close()
        self._forget()

    def _forget(self) -> None:
        self._held.clear()
        metrics.partitions.set(0)
        if self._membership is not Membership.REPLACED:
            self._membership = Membership.OUT
        self._fence.drop()
        self._renew_at = 0.0

    async def _look(self) -> None:
        now = self._seconds()
        remember = now < self._remember_until
        self._look_at = self._remember_until if remember else now + LOOK_EVERY
        entries = await self._bucket.read_all()
        presence = PREFIX + self._me.instance
        holder = holder_in(presence, entries.get(presence, ABSENT))
        if holder is None or holder.incarnation != self._me.incarnation:
            # The bucket was lost, or our name was taken. Other missing members may be about to come back as well.
            self._renew_at, self._look_at = 0.0, now + _AGAIN
            return
        self._members.look(entries, remember=remember)
        names = {member.instance for member in self._members.staying()} | {self._me.instance}
        may_own = {member.instance for member in self._members.owners()} or names
        owners = assignment(may_own if not self._leaving else may_own - {self._me.instance})
        ours = frozenset(number for number, name in enumerate(owners) if name == self._me.instance)
        metrics.members.set(len(names))
        self._on_members()
        await self._check(entries)
        await self._let_go(frozenset(self._held) - ours)
        await self._clear(entries, ours)
        await self._take(ours - self._held.keys(), entries)
        metrics.partitions.set(len(self._held))

    async def _check(self, entries: Mapping[str, Entry]) -> None:
        """Check that our leases are still ours, and write those again that the bucket has lost."""
        doubtful = [number for number, revision in self._held.items() if _at(entries, number).revision != revision]
        await asyncio.gather(*map(self._confirm, doubtful))

    async def _confirm(self, partition: int) -> None:
        entry = await self._bucket.read(f"p.{partition}")
        revision: int | None = entry.revision
        if entry.value is None or holder_in(f"p.{partition}", entry) == UNKNOWN:
            revision = await self._bucket.write(f"p.{partition}", self._lease, entry.revision)
        elif entry.value != self._lease:
            revision = None
        if revision is not None:
            self._held[partition] = revision
            return
        log.warning("partition_lost", partition=partition)
        del self._held[partition]
        self._router.let_go({partition}, finish=False)

    async def _let_go(self, partitions: Collection[int]) -> None:
        if not partitions:
            return
        self._router.let_go(partitions, finish=True)
        # Renew the presence before the leases are free: it tells the next owner that we still finish turns.
        await self._renew()
        leases = [(number, self._held[number]) for number in partitions if number in self._held]
        await asyncio.gather(*(self._bucket.delete(f"p.{number}", revision) for number, revision in leases))
        for number, _ in leases:
            self._held.pop(number, None)
        log.info("partitions_let_go", count=len(partitions), left=len(self._held), finishing=self._router.finishing)

    async def _clear(self, entries: Mapping[str, Entry], ours: Collection[int]) -> None:
        """Delete leases of ours that we do not know of, now due to others: the answer to our write was lost."""
        strays = [
            (number, entry.revision)
            for number in range(PARTITIONS)
            if (entry := _at(entries, number)).value == self._lease and number not in self._held and number not in ours
        ]
        await asyncio.gather(*(self._bucket.delete(f"p.{number}", revision) for number, revision in strays))

    async def _take(self, partitions: Collection[int], entries: Mapping[str, Entry]) -> None:
        """Take the partitions that have no holder, or whose holder is gone or an earlier start of ours."""
        free: list[int] = []
        gone: dict[Holder, bool] = {}
        orphans = 0
        for number in partitions:
            holder = holder_in(f"p.{number}", _at(entries, number))
            if holder is not None and holder.instance != self._me.instance:
                if holder not in gone:
                    gone[holder] = not self._members.has(holder) and await self._is_gone(holder)
                if not gone[holder]:
                    continue
                orphans += 1
            free.append(number)
        if not free:
            return
        written = await asyncio.gather(
            *(self._bucket.write(f"p.{number}", self._lease, _at(entries, number).revision) for number in free)
        )
        taken = {number: revision for number, revision in zip(free, written, strict=True) if revision is not None}
        if len(taken) < len(free):
            self._look_at = min(self._look_at, self._seconds() + _AGAIN)
        if not taken:
            return
        self._held |= taken
        metrics.takeovers.inc(orphans)
        self._router.take(taken.keys())

    async def _is_gone(self, holder: Holder) -> bool:
        """True if the holder is gone, from the bucket's leader: the entries of a look may be old."""
        key = PREFIX + holder.instance
        current = holder_in(key, await self._bucket.read(key))
        return current is None or current.incarnation != holder.incarnation

    async def _go(self) -> None:
        """Stop acting, and give everything to the others at once. Best effort: without an answer the leases expire."""
        await self._router.close()
        held, joined = dict(self._held), self._joined
        self._forget()
        if not joined:
            return
        try:
            await asyncio.gather(*(self._bucket.delete(f"p.{number}", revision) for number, revision in held.items()))
            await self._bucket.delete(PREFIX + self._me.instance, self._revision)
            log.info("lease_released", partitions=len(held))
        except LeasesUnavailable as fault:
            log.warning("lease_not_released", reason=str(fault), then="it ends by itself")


def _at(entries: Mapping[str, Entry], partition: int) -> Entry:
    return entries.get(f"p.{partition}", ABSENT)
