"""One, two, three instances on one bus: replies per second, and the cost of a reply.

Every instance projects the whole log and answers its share of the chats, so the cost of a reply grows with each further
instance; this shows by how much. The replies per second say less here: instances, nats-server, the model double and the
people share the cores of this machine, and with all cores busy more instances answer no more. On machines of their own
they would, up to the share of the CPU for the projection of the others' events.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.cpu import cpu_of
from benchmarks.figures import Figure, Outcome, Say, figure, ratio
from benchmarks.people import People
from benchmarks.servers import openai_double
from tests.chaos.fleet import Fleet, fleet

NAMES = ("a", "b", "c")


class Size(msgspec.Struct, frozen=True):
    """The size of the benchmark.

    - `chats`: chats with a message in flight.
    - `replies`: replies in a round.
    - `rounds`: rounds for each number of instances.
    """

    chats: int = 200
    replies: int = 2000
    rounds: int = 3


TINY = Size(chats=3, replies=6, rounds=1)


class Round(NamedTuple):
    """The result of a round.

    - `answered`: replies a second.
    - `cpu`: milliseconds of CPU for each reply, of all instances.
    - `bus_cpu`: milliseconds of CPU for each reply, of nats-server.
    """

    answered: float
    cpu: float
    bus_cpu: float


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    rounds: dict[int, list[Round]] = {count: [] for count in range(1, len(NAMES) + 1)}
    async with (
        openai_double() as openai,
        fleet(folder, *NAMES, OPENAI_BASE_URL=openai) as those,
        People.at(those.url) as people,
    ):
        for number in range(size.rounds):
            for count, measured in rounds.items():
                say(f"round {number + 1} of {size.rounds}, {count} of {len(NAMES)} instances")
                await those.started(NAMES[count - 1], among=NAMES[:count])
                measured.append(await _round(size, those, people, NAMES[:count]))
            await asyncio.gather(*(those[name].stop() for name in NAMES))
    return Outcome(
        {"chats with a message in flight": size.chats, "replies in a round": size.replies, "model latency, s": 0},
        _figures(rounds),
    )


async def _round(size: Size, those: Fleet, people: People, running: Sequence[str]) -> Round:
    # Every chat has a first message before the measurement.
    await people.converse(size.chats, size.chats)
    instances, server = [those[name].pid for name in running], [those.servers[0].pid]
    began, before, bus_before = time.perf_counter(), cpu_of(instances), cpu_of(server)
    await people.converse(size.chats, size.replies)
    return Round(
        size.replies / (time.perf_counter() - began),
        (cpu_of(instances) - before) / size.replies * 1000,
        (cpu_of(server) - bus_before) / size.replies * 1000,
    )


def _figures(rounds: dict[int, list[Round]]) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for count, measured in rounds.items():
        shown = f"{count} instance{'s' if count > 1 else ''}"
        figures[f"{shown}, answered"] = figure([one.answered for one in measured], "replies/s")
        figures[f"{shown}, CPU of all of them"] = figure([one.cpu for one in measured], "ms/reply")
        figures[f"{shown}, CPU of nats-server"] = figure([one.bus_cpu for one in measured], "ms/reply")
        if count > 1:
            for what, of in (("answered", 0), ("CPU of a reply", 1)):
                above, below = [one[of] for one in measured], [one[of] for one in rounds[1]]
                figures[f"{what}, {count} instances / 1"] = ratio(above, below)
    return figures
