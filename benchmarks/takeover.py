"""The time until the chats of a lost instance have their next owner, by the log's own stamps.

Three instances, one chat in each of the 64 partitions. One instance is killed (SIGKILL), asked to leave (SIGTERM), or
hangs (SIGSTOP); from then on each of its chats gets a message five times a second. A chat is taken over when another
instance first decides about it. The longest wait for a reply in the other chats shows the effect on the rest.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from pathlib import Path

import msgspec

from benchmarks.figures import Figure, Outcome, Say, Target, figure, never_over
from events.recorded import Recorded
from events.subjects import ChatKey
from tests.chaos.delays import instance_of, waits
from tests.chaos.fleet import CHATS, Fleet, fleet

NAMES = ("a", "b", "c")
LOST = "b"
PAUSE = 0.2
"""Seconds between two messages in a chat that waits for its next owner."""
PROMISED = {"kill -9": 3.5, "leave": 1.5, "hang": 4.5}


class Size(msgspec.Struct, frozen=True):
    """The ways to lose an instance, each `rounds` times, in turns."""

    ways: tuple[str, ...] = tuple(PROMISED)
    rounds: int = 5


TINY = Size(ways=("leave",), rounds=1)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    taken: dict[str, list[float]] = {way: [] for way in size.ways}
    others: dict[str, list[float]] = {way: [] for way in size.ways}
    async with fleet(folder, *NAMES) as those:
        await those.started(*NAMES)
        for number in range(size.rounds):
            for way in size.ways:
                say(f"{way}, round {number + 1} of {size.rounds}")
                lost, kept = await _round(those, way, f"{way}-{number}")
                taken[way] += lost
                others[way].append(max(kept))
    figures: dict[str, Figure] = {}
    targets: list[Target] = []
    for way in size.ways:
        shown = f"takeover after {way}"
        figures[f"{shown}, a chat"] = figure(taken[way], "s")
        figures[f"{shown}, the longest wait in a chat of the others"] = figure(others[way], "s")
        targets.append(never_over(f"{shown}, the slowest chat", figures[f"{shown}, a chat"], PROMISED[way]))
    setup: dict[str, str | int | float] = {"instances": len(NAMES), "chats": len(CHATS), "rounds": size.rounds}
    return Outcome(setup, figures, tuple(targets))


async def _round(those: Fleet, way: str, id_: str) -> tuple[list[float], list[float]]:
    """Seconds from the loss to the takeover of each chat of the lost instance; seconds that each other chat waited."""
    before = (await those.spread(*NAMES)).owners
    lost = [CHATS[number] for number in before if before[number] == LOST]
    kept = [CHATS[number] for number in before if before[number] != LOST]
    # A message in a kept chat marks the moment of the loss in the log.
    mark = await those.outsider.write(kept[0], f"{id_}-mark")
    leaving = await _lose(those, way)
    await asyncio.gather(*(those.outsider.write(key, id_) for key in kept))
    await asyncio.gather(*(_write_until_taken(those, key, id_, mark) for key in lost))
    await asyncio.gather(*(those.log.ended(key, id_) for key in kept))
    since = [event for event in those.log.events if event.seq >= mark]
    decisions = [decision for key in lost if (decision := _taken(since, key)) is not None]
    taken = [(decision.at - since[0].at).total_seconds() for decision in decisions]
    waited = [wait.seconds for wait in waits(since) if wait.key in kept]
    await _bring_back(those, way, leaving)
    return taken, waited


async def _write_until_taken(those: Fleet, key: ChatKey, id_: str, mark: int) -> None:
    for number in itertools.count():
        await those.outsider.write(key, f"{id_}-{number}")
        await asyncio.sleep(PAUSE)
        if _taken((event for event in those.log.events if event.seq > mark), key) is not None:
            return


async def _lose(those: Fleet, way: str) -> asyncio.Task[int] | None:
    if way == "kill -9":
        those[LOST].kill()
    elif way == "hang":
        those[LOST].freeze()
    else:
        leaving = asyncio.create_task(those[LOST].stop())
        await asyncio.sleep(0)
        return leaving
    return None


async def _bring_back(those: Fleet, way: str, leaving: asyncio.Task[int] | None) -> None:
    if leaving is not None:
        await leaving
    if way == "hang":
        those[LOST].thaw()
    else:
        those[LOST].start()
    await those.spread(*NAMES)
    await those.healthy(LOST)


def _taken(since: Iterable[Recorded], key: ChatKey) -> Recorded | None:
    """The first decision of another instance about the chat."""
    return next((one for one in since if one.key == key and one.side == "o" and instance_of(one) != LOST), None)
