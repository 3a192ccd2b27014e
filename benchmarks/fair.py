"""One account's people while 500 chats of another account wait for a slot all the time, in one instance.

The quiet account's people write at random, so that an eighth of the slots is used on average, first alone and then
beside the busy account. A round has both, because a disturbance of the machine hits both.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from actors.fair_slots import FairSlots
from benchmarks.figures import Figure, Outcome, Say, at_most, figure, percentile, ratio
from benchmarks.people import People
from benchmarks.process import measured
from benchmarks.servers import nats_server, openai_double
from events.subjects import ChatKey
from tests.doubles.openai_server import API_KEY

MODEL_LATENCY = 0.3
PROMISED = 1.3


class Size(msgspec.Struct, frozen=True):
    """In each round `messages` messages to the quiet account over `people`, alone and beside the busy one.

    - `slots`: turns at once.
    - `waiting`: chats of the busy account.
    - `queue`: chats in the queue for the cost of the slots themselves.
    """

    slots: int = 16
    waiting: int = 500
    people: int = 40
    messages: int = 150
    rounds: int = 5
    queue: int = 10_000


TINY = Size(slots=16, waiting=20, people=3, messages=6, rounds=1, queue=200)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    alone, beside, busy_took = list[float](), list[float](), list[float]()
    async with openai_double(MODEL_LATENCY) as openai:
        with nats_server(folder / "nats") as server:
            options = {"nats": server.url, "openai": openai, "api_key": API_KEY, "mode": "chat", "bare": False}
            async with (
                measured("benchmarks.instance", folder=folder, history=0, max_runs=size.slots, **options),
                People.at(server.url, "quiet") as quiet,
                People.at(server.url, "busy") as busy,
            ):
                await _write(quiet, size, seed=0)
                for number in range(1, size.rounds + 1):
                    say(f"round {number} of {size.rounds}")
                    alone.append(await _write(quiet, size, seed=number))
                    conversing = asyncio.create_task(busy.converse(size.waiting, 1_000_000))
                    await _settled(busy, size)
                    beside.append(await _write(quiet, size, seed=number))
                    busy.enough()
                    await conversing
                    busy_took.append(percentile(busy.took, 0.5))
    figures: dict[str, Figure] = {
        "p95 of an account, alone": figure(alone, "s"),
        "p95 of an account, beside a busy one": figure(beside, "s"),
        "p95 beside a busy account / alone": ratio(beside, alone),
        "p50 of the busy account": figure(busy_took, "s"),
        **_costs(size),
    }
    shown = "p95 beside a busy account / alone"
    setup: dict[str, str | int | float] = {
        "slots (RECADO_MAX_RUNS)": size.slots,
        "chats of the busy account": size.waiting,
        "messages of the other account in a round": size.messages,
        "chats of the other account": size.people,
        "model latency, s": MODEL_LATENCY,
        "chats in the queue, for its cost": size.queue,
    }
    return Outcome(setup, figures, (at_most(shown, figures[shown], PROMISED),))


async def _write(quiet: People, size: Size, seed: int) -> float:
    """The p95, in seconds."""
    await quiet.write_at(size.slots / 8 / MODEL_LATENCY, size.messages, size.people, seed)
    return percentile(quiet.took, 0.95)


async def _settled(busy: People, size: Size) -> None:
    """Return once the busy account has had its first answers."""
    while len(busy.took) < min(size.slots, size.waiting):  # noqa: ASYNC110 - a reply wakes nobody here
        await asyncio.sleep(0.05)


def _costs(size: Size) -> dict[str, Figure]:
    """Microseconds of CPU of one turn's way through a full queue, by the number of accounts and profiles in it."""
    few = size.queue // 100
    shapes = {"one account": (1, 1), "an account for each": (size.queue, 1), "100 accounts and profiles": (100, 100)}
    return {
        f"a slot taken, waited for and given back: {shape}, {chats:,} chats wait": figure(
            [_cost(chats, min(accounts, chats), profiles) for _ in range(3)], "µs"
        )
        for shape, (accounts, profiles) in shapes.items()
        for chats in (few, size.queue)
    }


def _cost(chats: int, accounts: int, profiles: int) -> float:
    slots = FairSlots(16, keeps_free=True)
    started = list[ChatKey]()
    waiting = [(ChatKey(f"a{number % accounts}", str(number)), f"p{number % profiles}") for number in range(chats)]
    for key, profile in waiting:
        _ask(slots, key, profile, started)
    profile_of = dict(waiting)
    turns = max(10, min(chats, 2_000))
    before = time.process_time()
    for key in _running(started, turns):
        slots.give_back(key)
        _ask(slots, key, profile_of[key], started)
    return (time.process_time() - before) / turns * 1e6


def _ask(slots: FairSlots, key: ChatKey, profile: str, started: list[ChatKey]) -> None:
    if slots.take(key, lambda: started.append(key), profile):
        started.append(key)


def _running(started: list[ChatKey], turns: int) -> Iterator[ChatKey]:
    """The chats with turns, in the order in which these began; each ends its turn."""
    for number in range(turns):
        yield started[number]
