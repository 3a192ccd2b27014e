"""Time to wake a chat: start its actor, read its snapshot, find nothing to do. It must not depend on the history.

And to wake it for a new message: look its person's names up among many, and wait for the end of the burst. That is
measured in CPU, since the message's work begins on the loop.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

import msgspec

from benchmarks.bus import ACCOUNT
from benchmarks.figures import Figure, Outcome, Say, Target, at_most, figure
from benchmarks.names import known_names
from benchmarks.past import idle_router, known, new, past
from benchmarks.people import key_of
from events.subjects import PARTITIONS


class Size(msgspec.Struct, frozen=True):
    """Numbers of chats and of people's messages in each (with as many replies); all are woken `rounds` times.
    `names`: the number of names among which theirs are."""

    chats: tuple[tuple[int, int], ...] = ((500, 10), (20, 1000), (1, 50_000))
    rounds: int = 30
    names: int = 100_000


TINY = Size(chats=((3, 2), (1, 10)), rounds=2, names=100)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    say("folding the past")
    persons = [(count, messages) for count, messages in size.chats for _ in range(count)]
    last = past(folder, ((person, messages) for person, (_, messages) in enumerate(persons)))
    say("waking")
    took: dict[int, list[float]] = {messages: [] for _, messages in size.chats}
    router = idle_router(folder, last)
    for _ in range(size.rounds):
        router.take(range(PARTITIONS))
        each: dict[int, list[float]] = {messages: [] for messages in took}
        for person, (_, messages) in enumerate(persons):
            wakes = [known(person)]
            started = time.perf_counter()
            router.dispatch(wakes)
            each[messages].append((time.perf_counter() - started) * 1000)
        if len(router) != len(persons):
            raise RuntimeError(f"{len(router)} of {len(persons)} chats are awake")
        await router.close()
        for messages, times in each.items():
            took[messages].append(statistics.median(times))
    figures: dict[str, Figure] = {}
    targets: list[Target] = []
    for messages, medians in took.items():
        shown = f"a chat with {messages:,} messages"
        figures[shown] = figure(medians, "ms")
        targets.append(at_most(f"waking {shown}", figures[shown], 0.4))
    say("waking for new messages")
    shown = "a chat with a new message, its names looked up"
    figures[shown] = await _new_messages(size, folder, last, len(persons))
    targets.append(at_most(f"waking {shown}", figures[shown], 0.4))
    return Outcome({"events": last, "times each": size.rounds}, figures, tuple(targets))


async def _new_messages(size: Size, folder: Path, last: int, persons: int) -> Figure:
    every = [(f"{person}@lid", key_of(person).chat) for person in range(max(size.names, persons))]
    medians = []
    async with known_names(every, ACCOUNT) as names:
        router = idle_router(folder, last, names)
        for round_ in range(size.rounds):
            router.take(range(PARTITIONS))
            times = []
            for person in range(persons):
                wakes = [known(person)], [new(person, last + 1 + round_, f"{person}@lid")]
                started = time.process_time()
                for batch in wakes:
                    router.dispatch(batch)
                await asyncio.sleep(0)  # the actor takes the message in
                times.append((time.process_time() - started) * 1000)
            await router.close()
            medians.append(statistics.median(times))
    return figure(medians, "ms")
