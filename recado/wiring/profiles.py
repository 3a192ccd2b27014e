"""Puts the profiles of a bus together: follows them, and makes the answering of each version."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime
from weakref import finalize

import structlog
from prometheus_client import Gauge

from actors.answering import Answering, Means, NoBackend, Policy
from actors.profiles import BusProfiles
from actors.router import Router
from actors.tools.python import ToolsUnusable
from events.jetstream.connection import Bus
from events.jetstream.profiles import JetStreamProfileLog
from events.log import EventLog
from events.profile import Profile
from events.profile_log import ProfileLog
from recado.profiles.claims import claimed_tools
from recado.profiles.desk import DeskProfiles
from recado.settings.settings import Settings
from recado.wiring.lifecycle import Lifetime
from recado.wiring.means import Shared, means_of
from recado.wiring.model import model_of
from recado.wiring.modules import check_names
from recado.wiring.policy import policy_of
from recado.wiring.profile_settings import ProfileSettings, Usable
from recado.wiring.profile_waits import ProfileWaits
from recado.wiring.tool_modules import StillImported, ToolModules

LOOK_EVERY = 2.0
"""Seconds between two looks for a secret that is missing."""

MOST_TOLD, LONGEST_TOLD = 20, 200
"""Profiles that cannot be used, as an instance tells the others, and the characters about each."""

_gauge = Gauge("recado_profiles_unusable", "Profiles in force by which this instance cannot answer.")

log = structlog.get_logger("recado.profiles")


class AnsweringByProfile:
    """The answering of each version of each profile on this instance.

    - `settings`: the instance's own.
    - `stored`: the profiles on the bus.
    """

    def __init__(self, incarnation: str, settings: Settings, shared: Shared, stored: ProfileLog) -> None:
        self._incarnation = incarnation
        self._shared = shared
        self._stored = stored
        self._loop = asyncio.get_running_loop()
        self._own = settings
        self._settings = ProfileSettings(settings)
        self._known: dict[str, Usable] = {}  # of the versions in force
        self._former: dict[str, Usable] = {}  # of another version, until its answering is made
        self._versions: dict[str, Profile] = {}
        self._waits = ProfileWaits(settings.data)
        self._now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._modules = ToolModules()
        self._stacks: set[AsyncExitStack] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self.profiles = BusProfiles(self._answering("", Usable(settings)), stored, self._made, self._read_former)
        self.read = asyncio.Event()
        """Set once the profiles were read for the first time."""

    def desk(self, event_log: EventLog, bus: Bus) -> DeskProfiles:
        """The profiles as the desk shows and changes them."""
        return DeskProfiles(
            self._stored,
            event_log,
            bus,
            settings_of=self._settings.settings,
            own=self._own,
            in_force=lambda: self.profiles.in_force,
        )

    def begin(self, life: Lifetime, router: Router, now: Callable[[], datetime]) -> None:
        """Follow the profiles until the process ends; `now` gives the bus's time."""
        self._now = now
        life.keep(self.follow(router))
        life.keep(self.look_again(router))

    async def close(self) -> None:
        for stack in list(self._stacks):
            await self._close(stack)
        await asyncio.gather(*self._closing, return_exceptions=True)

    @property
    def lacks(self) -> tuple[str, ...]:
        """The profiles in force by which this instance cannot answer, each with the reason."""
        return tuple(f"{ref}: {usable.lacks}"[:LONGEST_TOLD] for ref, usable in self._unusable()[:MOST_TOLD])

    async def follow(self, router: Router) -> None:
        """Keep the profiles up to date, and have the chats look whose profile changes, until cancelled."""
        async with aclosing(self._stored.follow()) as changes:
            async for in_force in changes:
                await self._learn(in_force.profiles.values())
                self._shared.services.claimed = claimed_tools(in_force.profiles.values())
                is_changed, some_waited = self.profiles.follow(in_force)
                self._forget_former()
                self._want_vectors()
                some_waited |= self._note_waits()
                self.read.set()
                router.profiles_changed(is_changed, some_waited)

    async def look_again(self, router: Router) -> None:
        """Look again and again for secrets that were missing, and imports that had not returned, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            refs = {ref for ref, usable in self._known.items() if usable.may_come}
            found = [ref for ref in refs if await self._has_come(ref)]
            if found:
                self._want_vectors()
                self._note_waits()
                self.profiles.forget(found)
                router.search_again()

    async def _has_come(self, ref: str) -> bool:
        profile = self.profiles.in_force.profiles.get(ref.rpartition("@")[0])
        if profile is None or profile.ref != ref:
            return False
        before, usable = self._known[ref], await asyncio.to_thread(self._usable, profile)
        self._known[ref] = usable
        if usable.lacks:
            if usable.lacks != before.lacks:
                _tell(ref, usable)
            return False
        log.info("profile_usable", profile=ref)
        return True

    async def _learn(self, profiles: Iterable[Profile]) -> None:
        """Read the settings of versions that are new, and import their modules, off the loop."""
        for profile in profiles:
            if self._versions.get(profile.ref) != profile:  # a restored stream may have others of the same name
                usable = self._known[profile.ref] = await asyncio.to_thread(self._usable, profile)
                self._versions[profile.ref] = profile
                if usable.lacks:
                    _tell(profile.ref, usable)

    async def _read_former(self, profile: Profile) -> None:
        self._former[profile.ref] = await asyncio.to_thread(self._usable, profile)

    def _note_waits(self) -> bool:
        """Keep which profiles can be used and which cannot. Returns whether one can be used again."""
        unusable = {ref.rpartition("@")[0] for ref, _ in self._unusable()}
        _gauge.set(len(unusable))
        return self._waits.note(unusable, self.profiles.in_force.profiles.keys(), self._now())

    def _want_vectors(self) -> None:
        """Have the documents of all profiles in force found by meaning."""
        usable = [one.settings for one in self._known.values() if one.settings is not None and not one.lacks]
        self._shared.knowledge.want([self._own, *usable], are_all=not self._unusable())

    def _unusable(self) -> list[tuple[str, Usable]]:
        return [(ref, usable) for ref, usable in self._known.items() if usable.lacks]

    def _forget_former(self) -> None:
        kept = {profile.ref for profile in self.profiles.in_force.profiles.values()}
        for ref in [ref for ref in self._known if ref not in kept]:
            del self._known[ref], self._versions[ref]

    def _usable(self, profile: Profile) -> Usable:
        try:
            usable = self._settings.of(profile)
            if usable.settings is not None and not usable.lacks:
                try:
                    check_names(usable.settings, self._modules.tools(usable.settings.tools))
                except StillImported as fault:
                    return Usable(usable.settings, str(fault), may_come=True)
        except ToolsUnusable as fault:
            return Usable(None, str(fault))
        except Exception as defect:  # one profile that breaks recado stops no other
            log.exception("profile_broke", profile=profile.ref)
            return Usable(None, f"recado breaks on it: {type(defect).__name__}: {defect}")
        return usable

    def _made(self, profile: Profile) -> Answering:
        former = self._former.pop(profile.ref, None)
        usable = self._known.get(profile.ref) or former or self._usable(profile)
        try:
            return self._answering(profile.ref, usable)
        except Exception as defect:  # one profile that breaks recado stops no other
            log.exception("profile_broke", profile=profile.ref)
            return self._answering(profile.ref, Usable(None, f"{type(defect).__name__}: {defect}"))

    def _answering(self, ref: str, usable: Usable) -> Answering:
        stack = AsyncExitStack()
        try:
            answering = self._with(ref, usable, stack)
        except BaseException:
            self._begin_closing(stack)
            raise
        self._stacks.add(stack)
        finalize(answering, self._close_soon, stack).atexit = False
        return answering

    def _with(self, ref: str, usable: Usable, stack: AsyncExitStack) -> Answering:
        """An answering whose means are closed with the stack."""
        settings, lacks = usable.settings, usable.lacks
        policy, means = Policy() if settings is None else policy_of(settings), Means(backend=NoBackend())
        if settings is not None and not lacks:
            model = model_of(settings, self._shared.model, stack) if ref else self._shared.model
            if model is None:
                lacks = "it names no key and no server, and this instance runs no small local model"
            else:
                means = means_of(settings, model, self._modules.tools(settings.tools), self._shared, stack)
        usable_from = self._waits.usable_from(ref.rpartition("@")[0])
        return Answering(self._incarnation, means, policy, profile=ref, lacks=lacks, usable_from=usable_from)

    def _close_soon(self, stack: AsyncExitStack) -> None:
        """Close the means of an answering that nothing uses any more. It may be called on any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._begin_closing, stack)

    def _begin_closing(self, stack: AsyncExitStack) -> None:
        task = asyncio.create_task(self._close(stack))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, stack: AsyncExitStack) -> None:
        self._stacks.discard(stack)
        await stack.aclose()  # of one that is closed already this does nothing


def _tell(ref: str, usable: Usable) -> None:
    then = "its chats wait; others answer them if they can"
    log.warning("profile_unusable", profile=ref, reason=usable.lacks, then=then)


async def answering_by_profile(
    life: Lifetime, bus: Bus, incarnation: str, settings: Settings, shared: Shared
) -> AnsweringByProfile:
    """The answering by each profile on the bus; closed when the process ends."""
    stored = await JetStreamProfileLog.open(bus)
    life.stack.push_async_callback(stored.close)
    answers = AnsweringByProfile(incarnation, settings, shared, stored)
    life.stack.push_async_callback(answers.close)
    return answers
