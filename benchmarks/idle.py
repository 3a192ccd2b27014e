"""The cost of idle instances: the leases of 64 partitions, presence, and a tail that is kept alive."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec

from benchmarks.cpu import cpu_of
from benchmarks.figures import Figure, Outcome, Say, figure
from events.subjects import PARTITIONS
from tests.chaos.fleet import fleet

NAMES = ("a", "b", "c")


class Size(msgspec.Struct, frozen=True):
    """The seconds of a round, and the number of rounds. The CPU's counters tick every 10 ms."""

    seconds: float = 20.0
    rounds: int = 3


TINY = Size(seconds=0.5, rounds=1)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    figures: dict[str, Figure] = {}
    async with fleet(folder, *NAMES) as those:
        server = [those.servers[0].pid]
        for running in ((), NAMES[:1], NAMES):
            fresh = [name for name in running if not those[name].runs]
            if fresh:
                await those.started(*fresh, among=running)
                say(f"{len(running)} of {len(NAMES)} instances")
                await asyncio.sleep(size.seconds / 4)
            bus, each = [], []
            for _ in range(size.rounds):
                pids = [those[name].pid for name in running]
                began, before, bus_before = time.perf_counter(), cpu_of(pids), cpu_of(server)
                await asyncio.sleep(size.seconds)
                took = (time.perf_counter() - began) / 1000
                bus.append((cpu_of(server) - bus_before) / took)
                each.append((cpu_of(pids) - before) / took / max(1, len(running)))
            shown = f"{len(running)} instance{'' if len(running) == 1 else 's'}"
            figures[f"nats-server, {shown}"] = figure(bus, "ms/s")
            if running:
                figures[f"an instance, {shown}"] = figure(each, "ms/s")
    setup: dict[str, str | int | float] = {"partitions": PARTITIONS, "seconds of a round": size.seconds}
    return Outcome(setup, figures)
