"""Several instances on one bus, as processes of their own that can be made to go, hang, die and come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp

from events.jetstream.connection import Bus
from events.subjects import PARTITIONS, ChatKey, partition
from tests.chaos.leases import Leases, read_leases
from tests.chaos.load import PUBACK_WITHIN
from tests.chaos.log_watch import LogWatch, watching
from tests.chaos.nats_proxy import NatsProxy, nats_proxy
from tests.chaos.outsider import Outsider, outsider
from tests.chaos.process import Recado, asks, recado
from tests.chaos.promises import promises_kept
from tests.doubles.openai_server import OpenAIDouble
from tests.nats_cluster import leader_of_log, make_log, nats_cluster
from tests.nats_server import NatsServer
from tests.waiting import until

PATIENCE = 60.0
"""Seconds; only for tests that fail."""


class Fleet:
    """Who plays. `wire` is the network between the instance `wired` and the bus; everybody else has a direct one."""

    def __init__(
        self, folder: Path, servers: tuple[NatsServer, ...], stack: AsyncExitStack, settings: dict[str, str]
    ) -> None:
        self.servers = servers
        self.members: dict[str, Recado] = {}
        self.wire: list[NatsProxy] = []
        self.wired = ""
        self.model: OpenAIDouble
        self.log: LogWatch
        self.outsider: Outsider
        self._folder = folder
        self._stack = stack
        self._settings = settings

    def __getitem__(self, name: str) -> Recado:
        return self.members[name]

    @property
    def url(self) -> str:
        return ",".join(server.url for server in self.servers)

    def member(self, name: str, **environment: str) -> Recado:
        """An instance with data of its own, not started yet."""
        url = ",".join(proxy.url for proxy in self.wire) if name == self.wired else self.url
        own = {"RECADO_INSTANCE": name, "NATS_URL": url, **asks(self.model), **self._settings, **environment}
        process = self.members[name] = self._stack.enter_context(recado(self._folder / name, **own))
        return process

    async def leases(self) -> Leases:
        return await read_leases(self.outsider.bus)

    async def spread(self, *names: str) -> Leases:
        """Return once these instances are the members and have all partitions among them."""
        seen = Leases({}, {})

        async def settled() -> bool:
            nonlocal seen
            seen = await self.leases()
            if owned := seen.all_owned_by(*names):
                return owned
            await asyncio.sleep(0.1)
            return False

        try:
            await until(settled, PATIENCE)
        except AssertionError:
            raise AssertionError(f"{names} are not the owners: {sorted(seen.members)}, {seen.shares()}") from None
        return seen

    async def started(self, *names: str, among: tuple[str, ...] = ()) -> Leases:
        """Start these, and return once they (or all of `among`) have the partitions, and are ready."""
        for name in names:
            self[name].start()
        leases = await self.spread(*(among or names))
        for name in names:
            await self.healthy(name)
        return leases

    async def healthy(self, name: str) -> None:
        """Return once the instance says that it takes work."""
        seen = ""

        async def ready() -> bool:
            nonlocal seen
            try:
                status, seen = await self[name].asked("/readyz")
            except (aiohttp.ClientError, OSError) as error:
                status, seen = 0, str(error)
            return status == 200

        try:
            await until(ready, PATIENCE)
        except AssertionError:
            raise AssertionError(f"{name} is not ready: {seen}\n{self[name].tail()}") from None

    async def chat_of(self, name: str) -> ChatKey:
        """A chat whose partition the instance has now."""

        async def found() -> ChatKey | None:
            owners = (await self.leases()).owners
            return next((key for number, key in enumerate(CHATS) if owners.get(number) == name), None)

        chat = await until(found, PATIENCE)
        assert chat is not None
        return chat

    async def answered(self, key: ChatKey, id_: str, text: str = "hello") -> str:
        """Write into the chat; the incarnation that answers."""
        await self.outsider.written(key, id_, text)
        return (await self.log.ended(key, id_)).msg_id.rpartition(":")[0]

    async def restart_bus(self, *, away: float) -> None:
        """kill -9 of the server (of a cluster: the one that leads the log), which is back after so many seconds."""
        leader = self.servers[0]
        if len(self.servers) > 1:
            bus = await Bus.open(self.url, name="operator")
            leader = await leader_of_log(bus, self.servers)
            await bus.close()
        leader.kill()
        await asyncio.sleep(away)
        leader.start()

    async def kept_its_promises(self, *names: str, seed: str = "") -> None:
        """As `promises_kept`; and every reply was heard once. `names` are those whose projections are compared."""
        await promises_kept(self.log, *(self[name] for name in names), seed=seed)
        self.outsider.heard_once(servers=len(self.servers))


@asynccontextmanager
async def fleet(
    folder: Path, *names: str, servers: int = 1, wired: str = "", latency: float = 0.0, **settings: str
) -> AsyncIterator[Fleet]:
    """The bus, the model and everybody outside run; the instances do not yet."""
    async with AsyncExitStack() as stack:
        bus = nats_cluster(folder, servers) if servers > 1 else (NatsServer(folder),)
        for server in bus:
            server.start()
            stack.callback(server.kill)
        those = Fleet(folder, bus, stack, settings)
        await make_log(those.url, len(bus))
        those.model = await stack.enter_async_context(OpenAIDouble(latency=latency))
        if wired:
            those.wired = wired
            those.wire = [await stack.enter_async_context(nats_proxy(server.url)) for server in bus]
        those.log = await stack.enter_async_context(watching(those.url))
        those.outsider = await stack.enter_async_context(outsider(those.url, patience=PUBACK_WITHIN))
        for name in names:
            those.member(name)
        yield those


def _one_of_each_partition() -> tuple[ChatKey, ...]:
    found: dict[int, ChatKey] = {}
    number = 0
    while len(found) < PARTITIONS:
        key = ChatKey("local", f"55119{number:08}@s.whatsapp.net")
        found.setdefault(partition(key), key)
        number += 1
    return tuple(found[number] for number in range(PARTITIONS))


CHATS = _one_of_each_partition()
"""The chat `CHATS[p]` is in partition p."""
