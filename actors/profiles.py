"""The profiles of a bus: which one is in force for a chat, and how each of their versions answers.

A version's answering is made when it is needed first. Those in force are kept; of the others the last that were used,
and those with which a turn still runs.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from weakref import WeakValueDictionary

import structlog

from actors.answering import GONE, Answering, unusable
from events.backoff import Backoff
from events.log import LogError
from events.numbers import whole_number
from events.profile import NONE_IN_FORCE, InForce, Profile
from events.profile_log import ProfileLog
from events.subjects import ChatKey

MOST_FORMER = 32
"""Versions no longer in force that are kept though no turn runs with them."""

_LONGEST_PAUSE = 5.0


async def nothing(_: Profile) -> None:
    """Does nothing."""


log = structlog.get_logger("recado.profiles")


class BusProfiles:
    """Profiles that are stored on the bus.

    - `own`: the answering by the instance's own settings.
    - `stored`: where every version can be read.
    - `made`: makes the answering of a version, on the loop; it raises nothing.
    - `read`: reads off the loop what `made` needs of a version that is not in force.
    """

    def __init__(
        self,
        own: Answering,
        stored: ProfileLog,
        made: Callable[[Profile], Answering],
        read: Callable[[Profile], Awaitable[None]] = nothing,
    ) -> None:
        self._own = own
        self._stored = stored
        self._made = made
        self._read_of = read
        self._in_force = NONE_IN_FORCE
        self._of: dict[str, Answering] = {}
        self._former: OrderedDict[str, Answering] = OrderedDict()
        self._used: WeakValueDictionary[str, Answering] = WeakValueDictionary()
        self._reading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def in_force(self) -> InForce:
        return self._in_force

    def of(self, key: ChatKey) -> Answering:
        in_force = self._in_force
        profile = in_force.selected(key) if in_force.profiles else None
        if profile is None:
            return self._own
        return self._of.get(profile.ref) or self._make(profile)

    def named(self, profile: str) -> Answering | None:
        if not profile:
            return self._own
        found = self._of.get(profile) or self._used.get(profile)
        if found is not None and profile in self._former:
            self._former.move_to_end(profile)
        return found

    async def find(self, profile: str) -> Answering:
        before = self.named(profile)
        if before is not None and not (before.lacks and profile not in self._of):  # a secret may have come since
            return before
        # Many chats may ask at once, as after a restart: one of them reads.
        reading = self._reading.setdefault(profile, asyncio.Lock())
        async with reading:
            found = self.named(profile)
            if found is None or found is before:
                version = await self._read(profile)
                if version is not None and profile not in self._of:
                    await self._read_of(version)
                found = self._of.get(profile) or self._keep(profile, version)
            return found

    def left_for(self) -> str:
        answerings = (self._own, *self._of.values())
        return next((answering.left_for for answering in answerings if answering.left_for), "")

    def follow(self, in_force: InForce) -> tuple[Callable[[ChatKey], bool], bool]:
        """Have these profiles in force. Returns a function that tells whether this changes the profile of a chat, and
        whether chats that sleep may have waited for it, since a profile could not be used."""
        before, self._in_force = self._in_force, in_force
        some_waited = any(answering.lacks for answering in self._of.values())
        self._forget_others(before)
        refs = {profile.ref for profile in in_force.profiles.values()}
        for ref in [ref for ref in self._of if ref not in refs]:
            self._note_former(ref, self._of.pop(ref))

        def is_changed(key: ChatKey) -> bool:
            return before.selected(key) is not in_force.selected(key)

        return is_changed, some_waited

    def _forget_others(self, before: InForce) -> None:
        """Forget all versions if one has another content than before: the stream was restored, or is another one."""
        former = {profile.ref: profile for profile in before.profiles.values()}
        if any(former.get(one.ref, one) != one for one in self._in_force.profiles.values()):
            log.info("profiles_restored", then="every version is read again")
            self.forget([*self._of, *self._former, *self._used])

    def forget(self, refs: Collection[str]) -> None:
        """Make these versions again when they are needed next."""
        for ref in refs:
            self._of.pop(ref, None)
            self._former.pop(ref, None)
            self._used.pop(ref, None)

    def _make(self, profile: Profile) -> Answering:
        ref = profile.ref
        made = self._of[ref] = self._used[ref] = self._used.get(ref) or self._made(profile)
        self._former.pop(ref, None)
        return made

    def _keep(self, ref: str, version: Profile | None) -> Answering:
        if version is None:
            log.warning("profile_gone", profile=ref)
            made = unusable(self._own.rules.incarnation, ref, GONE)
        else:
            made = self._made(version)
        self._used[ref] = made
        self._note_former(ref, made)
        return made

    def _note_former(self, ref: str, answering: Answering) -> None:
        self._former[ref] = answering
        self._former.move_to_end(ref)
        while len(self._former) > MOST_FORMER:
            self._former.popitem(last=False)

    async def _read(self, ref: str) -> Profile | None:
        """The version; None if there is none. Tries again while the bus is away."""
        name, _, number = ref.rpartition("@")
        n = whole_number(number)
        if not name or n is None:
            return None
        pause = Backoff(0.1, _LONGEST_PAUSE)
        while True:
            try:
                return await self._stored.version(name, n)
            except LogError as error:
                log.warning("profile_waits", profile=ref, reason=str(error), retry_in=pause.seconds)
            await pause.wait()
