"""Three real nats-servers that keep every stream three times: any one of them may die."""

from __future__ import annotations

from pathlib import Path

import msgspec

from events.jetstream.api import ApiRefused, call
from events.jetstream.connection import Bus
from events.jetstream.streams import EVENTS, ensure_streams
from events.log import LogUnavailable
from tests.nats_server import NatsServer, free_port
from tests.waiting import until

FORMED_WITHIN = 60.0
"""Seconds until the servers have found each other and elected who leads; only for tests that fail."""

LOG_BYTES = 256 * 1024 * 1024


class _Group(msgspec.Struct, frozen=True):
    leader: str = ""


class _Replicated(msgspec.Struct, frozen=True):
    cluster: _Group = _Group()


def nats_cluster(folder: Path, size: int = 3) -> tuple[NatsServer, ...]:
    """The servers of one cluster, not started yet. Clients are not told of servers that they were not given."""
    routes = [free_port() for _ in range(size)]
    servers = []
    for number, port in enumerate(routes):
        home = folder / f"nats-{number}"
        home.mkdir(parents=True)
        others = ", ".join(f'"nats://127.0.0.1:{other}"' for other in routes if other != port)
        config = (
            f"server_name: nats-{number}\n"
            f"cluster {{ name: recado, listen: 127.0.0.1:{port}, routes: [{others}], no_advertise: true }}\n"
        )
        servers.append(NatsServer(home, config=config))
    return tuple(servers)


async def make_log(url: str, size: int) -> None:
    """Make the log on the bus at `url`, small enough for every one of `size` servers."""

    async def made() -> bool:
        bus = await Bus.open(url, name="operator")
        try:
            info = await ensure_streams(bus, max_bytes=LOG_BYTES)
        except LogUnavailable:  # the servers have not found each other yet
            return False
        finally:
            await bus.close()
        assert info.config["num_replicas"] == size
        return True

    await until(made, FORMED_WITHIN)


async def leader_of_log(bus: Bus, servers: tuple[NatsServer, ...]) -> NatsServer:
    """The server that leads the stream EVENTS; of a single server, that one."""
    if len(servers) == 1:
        return servers[0]

    async def led() -> str:
        try:
            return (await call(bus, f"STREAM.INFO.{EVENTS}", _Replicated)).cluster.leader
        except (ApiRefused, LogUnavailable):
            return ""

    name = await until(led, FORMED_WITHIN)
    return servers[int(name.rpartition("-")[2])]
