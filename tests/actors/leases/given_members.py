"""Instances that share a real bucket: a real Ownership each, over a real log, with the house's actors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from actors.leases.bucket import LeaseBucket
from actors.leases.clocks import boot_seconds
from actors.leases.fence import Fence
from actors.leases.members import Description, Holder, Members
from actors.ownership import Ownership
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.subjects import PARTITIONS, ChatKey, partition
from tests.actors.house import House
from tests.waiting import until


class Clock:
    """Seconds since boot of one instance. A test can let them jump: the machine slept."""

    def __init__(self) -> None:
        self.slept = 0.0

    def __call__(self) -> float:
        return boot_seconds() + self.slept


class Instance:
    """One of several instances: `home` has its log, its model and its actors."""

    def __init__(self, bus: Bus, name: str, incarnation: str, **settings: Any) -> None:
        self.bus = bus
        self.me = Holder(name, incarnation)
        self.fit = True
        self.lacks: tuple[str, ...] = ()
        self.clock = Clock()
        self.fence = Fence(self.clock)
        self.members = Members()
        self.settings = settings
        self.home: House
        self.ownership: Ownership
        self._tasks: list[asyncio.Task[Any]] = []

    async def start(self) -> None:
        log = await JetStreamLog.open(self.bus, max_bytes=64 * 1024 * 1024)
        self.home = House(
            log, self.me.decides_as, fence=self.fence, is_finishing=self.members.is_finishing, **self.settings
        )
        self.ownership = Ownership(
            LeaseBucket(self.bus),
            self.me,
            self.members,
            self.home.router,
            self.fence,
            describe=lambda: Description(version="1", lacks=self.lacks),
            on_members=lambda: None,
            fit=lambda: self.fit,
            prepared=self.home.caught_up.wait,
            seconds=self.clock,
        )
        self._tasks = [asyncio.create_task(self.home.follow()), asyncio.create_task(self.ownership.run())]

    @property
    def owned(self) -> frozenset[int]:
        return self.home.router.owned

    def owns(self, key: ChatKey) -> bool:
        return partition(key) in self.owned

    async def leave(self, patience: float = 5.0) -> None:
        await self.ownership.leave(patience)
        await self._end(self._tasks.pop())

    async def crash(self) -> None:
        """End the connection without letting go of any lease, as a killed process does."""
        await self.bus.close()
        self.clock.slept += 60
        for task in self._tasks:
            await self._end(task)
        await self.home.router.close()

    async def end(self) -> None:
        for task in reversed(self._tasks):
            await self._end(task)
        await self.home.router.close()
        if not self.bus.is_closed:
            await self.bus.close()

    async def _end(self, task: asyncio.Task[Any]) -> None:
        while not task.done():  # a request on a connection that is closed at that moment may swallow a cancellation
            task.cancel()
            await asyncio.wait([task], timeout=1)
        await asyncio.gather(task, return_exceptions=True)


class Fleet:
    """All instances on one server."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.all: list[Instance] = []

    async def join(self, name: str, incarnation: str = "1", **settings: Any) -> Instance:
        instance = Instance(await Bus.open(self._url), name, incarnation, **settings)
        self.all.append(instance)
        await instance.start()
        return instance

    async def until(self, true: Callable[[], Any], within: float = 60.0) -> None:
        await until(true, within)

    async def settled(self, *instances: Instance) -> None:
        """Return once these instances own all partitions, each its share and each partition once."""
        share = PARTITIONS // len(instances)

        def are() -> bool:
            counts = [len(instance.owned) for instance in instances]
            together = frozenset().union(*(instance.owned for instance in instances))
            return sum(counts) == PARTITIONS == len(together) and all(count in (share, share + 1) for count in counts)

        await self.until(are)

    def owner(self, key: ChatKey) -> Instance:
        (owner,) = [instance for instance in self.all if instance.owns(key)]
        return owner


@asynccontextmanager
async def fleet(url: str) -> AsyncIterator[Fleet]:
    """A fleet without instances; those that join are stopped at the end."""
    together = Fleet(url)
    try:
        yield together
    finally:
        for instance in together.all:
            await instance.end()
