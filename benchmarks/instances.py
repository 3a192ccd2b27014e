"""One, two, three instances on one bus: what they answer, and what a reply costs.

Every instance projects the whole log and answers its share of the chats, so the cost of a reply grows with each further
one, and this shows by how much. What is answered a second says less here: instances, nats-server, the model double and
the people all share the cores of this machine, and where those are used up more instances cannot answer more. On
machines of their own they would, up to the share of the CPU that the projection of the others' events takes.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from benchmarks.cpu import cpu_of
from benchmarks.figures import Figure, Outcome, Say, figure, ratio
from benchmarks.people import People
from benchmarks.servers import openai_double
from tests.chaos.fleet import fleet

NAMES = ("a", "b", "c")


class Size(msgspec.Struct, frozen=True):
    """Replies in each round, `chats` with a message in flight."""

    chats: int = 200
    replies: int = 2000
    rounds: int = 3


TINY = Size(chats=3, replies=6, rounds=1)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    rates: dict[int, list[float]] = {count: [] for count in range(1, len(NAMES) + 1)}
    costs: dict[int, list[float]] = {count: [] for count in rates}
    bus_costs: dict[int, list[float]] = {count: [] for count in rates}
    async with openai_double() as openai, fleet(folder, *NAMES, OPENAI_BASE_URL=openai) as those:
        async with People.at(those.url) as people:
            for number in range(size.rounds):
                for count in rates:
                    say(f"round {number + 1} of {size.rounds}, {count} of {len(NAMES)} instances")
                    running = NAMES[:count]
                    await those.started(NAMES[count - 1], among=running)
                    # Everybody is met once before anything is counted.
                    await people.converse(size.chats, size.chats)
                    pids, server = [those[name].pid for name in running], [those.servers[0].pid]
                    began, before, bus_before = time.perf_counter(), cpu_of(pids), cpu_of(server)
                    await people.converse(size.chats, size.replies)
                    rates[count].append(size.replies / (time.perf_counter() - began))
                    costs[count].append((cpu_of(pids) - before) / size.replies * 1000)
                    bus_costs[count].append((cpu_of(server) - bus_before) / size.replies * 1000)
                for name in NAMES:
                    await those[name].stop()
    figures: dict[str, Figure] = {}
    for count in rates:
        shown = f"{count} instance{'s' if count > 1 else ''}"
        figures[f"{shown}, answered"] = figure(rates[count], "replies/s")
        figures[f"{shown}, CPU of all of them"] = figure(costs[count], "ms/reply")
        figures[f"{shown}, CPU of nats-server"] = figure(bus_costs[count], "ms/reply")
    for count in (2, 3):
        figures[f"answered, {count} instances / 1"] = ratio(rates[count], rates[1])
        figures[f"CPU of a reply, {count} instances / 1"] = ratio(costs[count], costs[1])
    setup: dict[str, str | int | float] = {
        "chats with a message in flight": size.chats,
        "replies in a round": size.replies,
        "model latency, s": 0,
    }
    return Outcome(setup, figures)
