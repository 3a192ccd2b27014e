"""An instance whose accounts have profiles, over logs in memory, with a model played by hand for each profile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from actors.answering import Answering, Means, NoBackend, Policy, Profiles
from actors.profiles import BusProfiles
from chat.gates import Gates
from events.decisions import TurnStarted
from events.log import EventLog
from events.memory_profiles import MemoryProfileLog
from events.profile import Profile
from events.subjects import ChatKey
from tests.actors.house import Committed, House, Model, house

ANA = ChatKey("bakery", "5511999999999@s.whatsapp.net")
BOB = ChatKey("grocer", "5511888888888@s.whatsapp.net")


class Shops:
    """The stream of profiles, and how an instance `incarnation` answers by them.

    - `stored`: the stream.
    - `models`: by the name of a profile's `model`.
    - `tools`: by the name of a profile's `tools`.
    - `missing`: variables that are unset.
    """

    def __init__(self, stored: MemoryProfileLog | None = None, incarnation: str = "one") -> None:
        self.stored = stored or MemoryProfileLog()
        self.incarnation = incarnation
        self.models: dict[str, Any] = {}
        self.tools: dict[str, Any] = {}
        self.missing: set[str] = set()
        self.made: list[str] = []
        self.bus: BusProfiles
        self.usable_from: datetime | None = None

    def profiles(self, own: Answering) -> Profiles:
        self.bus = BusProfiles(own, self.stored, self._make)
        return self.bus

    def model(self, name: str) -> Any:
        return self.models.setdefault(name, Model())

    async def apply(self, name: str, *, removed: bool = False, **given: Any) -> Profile:
        """Store the next version of a profile for the account of its name, or for what `given` says."""
        stored = await self.stored.look()
        n = stored.newest[name].n + 1 if name in stored.newest else 1
        lists = {which: given.pop(which) for which in ("accounts", "chats", "groups") if which in given}
        lists = lists or {"accounts": (name,)}
        profile = Profile(name=name, n=n, at=datetime.now(UTC), settings=given, removed=removed, **lists)
        await self.stored.write([profile], expected=stored.seq)
        return profile

    async def follow(self, home: House) -> None:
        async for in_force in self.stored.follow():
            home.router.profiles_changed(*self.bus.follow(in_force))

    def found(self, home: House, variable: str) -> None:
        """The variable is there now."""
        self.missing.discard(variable)
        self.usable_from = home.instance.bus_time.now()
        self.bus.forget([ref for ref in self.made if (one := self.bus.named(ref)) is not None and one.lacks])
        home.router.search_again()

    def _make(self, profile: Profile) -> Answering:
        given, ref = dict(profile.settings), profile.ref
        self.made.append(ref)
        words = {"apology": "Sorry.", **given.pop("words", {})}
        means = Means(backend=self.model(given.pop("model", profile.name)))
        if hasattr(means.backend, "forget"):
            means = replace(means, threads=means.backend)
        if "tools" in given:
            means = replace(means, tools=self.tools[given.pop("tools")])
        lacks = given.pop("key", "")
        if lacks in self.missing:
            means = Means(backend=NoBackend())
        stale_after, gates = given.pop("stale_after", 86_400), Gates(block=tuple(given.pop("block", ())))
        given |= {"stale_after": timedelta(seconds=stale_after), "gates": gates, "words_for": lambda _: words}
        policy = Policy(**{"debounce": 0.0, **given})
        return Answering(
            self.incarnation,
            means,
            policy,
            profile=ref,
            lacks=f"{lacks} unset" if lacks in self.missing else "",
            usable_from=self.usable_from,
        )


@asynccontextmanager
async def street(
    shops: Shops | None = None, log: EventLog | None = None, **settings: Any
) -> AsyncIterator[tuple[House, Shops]]:
    """A running instance that follows the profiles."""
    shops = shops or Shops()
    async with house(log, shops.incarnation, profiles=shops.profiles, **settings) as home:
        following = asyncio.create_task(shops.follow(home))
        newest = (await shops.stored.look()).in_force.profiles
        try:
            await until(lambda: dict(shops.bus.in_force.profiles) == dict(newest))
            yield home, shops
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what the loop brings about."""
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0)


def profiles_in(reads: Committed, key: ChatKey = ANA) -> list[str]:
    """The profiles of the chat's turns."""
    return [one.event.profile for one in reads.events if one.key == key and isinstance(one.event, TurnStarted)]


async def in_force(shops: Shops, ref: str) -> None:
    name = ref.partition("@")[0]
    await until(lambda: (one := shops.bus.in_force.profiles.get(name)) is not None and one.ref == ref)
