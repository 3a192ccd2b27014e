"""A schedule of faults made from a seed, and its execution on a fleet."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from tests.chaos.fleet import Fleet

Kind = Literal["kill", "leave", "hang", "cut", "bus", "join"]

KINDS: tuple[Kind, ...] = ("kill", "leave", "hang", "cut", "bus", "join")

BUS = "the bus"
STRANGER = "guest"
"""The instance that joins, and leaves for good."""


class Fault(NamedTuple):
    """`at` seconds after the beginning something happens to `target`; after `lasts` seconds it is put right again.

    kill: SIGKILL, started again. leave: SIGTERM, started again. hang: SIGSTOP, SIGCONT. cut: the network between it and
    the bus. bus: the server (in a cluster the one that leads the log) is killed and started again. join: one more
    instance comes, which after that time leaves (SIGTERM) for good.
    """

    at: float
    kind: Kind
    target: str
    lasts: float

    def __str__(self) -> str:
        return f"{self.at:6.1f} s  {self.kind} {self.target} for {self.lasts:.1f} s"


class Shape(NamedTuple):
    """How long a schedule is, and how dense: seconds between two faults on average, and how long each may last."""

    length: float
    pace: float
    away: float
    hang: float


def schedule(seed: str, shape: Shape, members: Sequence[str], wired: str) -> list[Fault]:
    """The same faults for the same arguments. The kinds come in turns, as cards do; of the members at least one
    is left alone at any time, and what is in trouble gets no more of it before it is out again."""
    dice = random.Random(seed)
    faults: list[Fault] = []
    deck: list[Kind] = []
    free_at = dict.fromkeys([*members, BUS, STRANGER], 0.0)
    now = dice.uniform(0.5, 1.5) * shape.pace
    while round(now, 2) < shape.length:
        troubled = [name for name in members if free_at[name] > now]
        spared = members if len(troubled) == len(members) - 1 else troubled
        deck = deck or dice.sample(KINDS, len(KINDS))
        for kind in deck:
            free = [name for name in _targets(kind, members, wired) if name not in spared and free_at[name] <= now]
            if free:
                deck.remove(kind)
                target = dice.choice(free)
                longest = shape.hang if kind in ("hang", "cut", "join") else shape.away
                lasts = dice.uniform(0.7, 1.0) * longest
                faults.append(Fault(round(now, 2), kind, target, round(lasts, 2)))
                # Until it is back it counts as troubled: starting, or taking up its work again, takes a while.
                free_at[target] = now + lasts + shape.pace
                break
        now += dice.uniform(0.5, 1.5) * shape.pace
    return faults


class Suffered(NamedTuple):
    """A fault that has come, when it did, and who had which partition then (nobody, if the bus was away)."""

    fault: Fault
    at: datetime
    owners: dict[int, str]


async def play(faults: Sequence[Fault], those: Fleet) -> list[Suffered]:
    """Carry the schedule out; returns once all is put right again."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    suffered: list[Suffered] = []
    async with asyncio.TaskGroup() as happening:
        for fault in faults:
            await asyncio.sleep(max(0.0, start + fault.at - loop.time()))
            owners = (await those.leases()).owners
            suffered.append(Suffered(fault, datetime.now(UTC), owners))
            happening.create_task(_suffer(fault, those))
    return suffered


async def _suffer(fault: Fault, those: Fleet) -> None:
    match fault.kind:
        case "kill":
            those[fault.target].kill()
            await asyncio.sleep(fault.lasts)
            await those[fault.target].supervised()
        case "leave":
            await those[fault.target].supervised()
            assert await those[fault.target].stop() == 0, those[fault.target].tail()
            await asyncio.sleep(fault.lasts)
            await those[fault.target].supervised()
        case "hang":
            those[fault.target].freeze()
            await asyncio.sleep(fault.lasts)
            those[fault.target].thaw()
        case "cut":
            for proxy in those.wire:
                proxy.part()
            await asyncio.sleep(fault.lasts)
            for proxy in those.wire:
                proxy.heal()
        case "bus":
            await those.restart_bus(away=fault.lasts)
        case "join":
            guest = those.members.get(STRANGER) or those.member(STRANGER)
            await guest.supervised()
            await asyncio.sleep(fault.lasts)
            assert await guest.stop() == 0, guest.tail()


def _targets(kind: Kind, members: Sequence[str], wired: str) -> Sequence[str]:
    return {"bus": (BUS,), "join": (STRANGER,), "cut": (wired,) if wired else ()}.get(kind, members)
