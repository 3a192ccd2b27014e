"""The latency that a bot adds to a model that takes 300 ms, from the publish of a message to the receipt of its reply.

The floor runs beside it, with the same messages at the same moments, because the machine causes part of the latency. At
three times the rate, the people, the model double and nats-server together use most of two cores, so a message waits
mostly for a free core.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
from msgspec.structs import replace

from benchmarks.bots import FLOOR, RECADO, Bot, running
from benchmarks.figures import Figure, Outcome, Say, Target, at_most, figure, percentile, ratio
from benchmarks.servers import SYNC_MODES, openai_double

MODEL_LATENCY = 0.3
SHARES = {"p50": 0.5, "p99": 0.99}
PROMISED = {"p50": 6.0, "p99": 50.0}
FAST_P99 = 150.0


class Size(msgspec.Struct, frozen=True):
    """Messages of each bot in a round: `messages` at `rate` a second over `chats`, then `fast_messages` at `fast`.

    - `syncs`: how nats-server syncs at `rate`; at `fast` it is as NATS does by itself.
    """

    rate: float = 200.0
    fast: float = 600.0
    fast_messages: int = 3000
    chats: int = 1000
    history: int = 20
    rounds: int = 3
    messages: int = 1000
    syncs: tuple[str, ...] = SYNC_MODES


TINY = Size(syncs=(SYNC_MODES[1],), rate=50.0, fast=80.0, fast_messages=8, chats=5, history=2, rounds=1, messages=5)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    figures: dict[str, Figure] = {}
    targets: list[Target] = []
    async with openai_double(MODEL_LATENCY) as openai:
        for sync in size.syncs:
            added = await _added(size, sync, folder / sync, openai, say)
            for share in SHARES:
                for name, values in added.items():
                    figures[f"{name}, {share}, sync {sync}"] = figure(values[share], "ms")
                figures[f"recado / floor, {share}, sync {sync}"] = ratio(added[RECADO][share], added[FLOOR][share])
                shown = f"added latency, {share}, sync {sync}"
                targets.append(at_most(shown, figures[f"{RECADO}, {share}, sync {sync}"], PROMISED[share]))
        fast = replace(size, rate=size.fast, messages=size.fast_messages)
        added = await _added(fast, SYNC_MODES[0], folder / "fast", openai, say)
        for name, values in added.items():
            for share in SHARES:
                figures[f"{name}, {share}, {size.fast:g} a second"] = figure(values[share], "ms")
        shown = f"{RECADO}, p99, {size.fast:g} a second"
        targets.append(at_most(f"added latency, p99, {size.fast:g} a second", figures[shown], FAST_P99))
    setup: dict[str, str | int | float] = {
        "messages a second": size.rate,
        "chats": size.chats,
        "messages of history": size.history,
        "messages in a round": size.messages,
        "then, messages a second": size.fast,
        "messages in such a round": size.fast_messages,
        "model latency, s": MODEL_LATENCY,
        "RECADO_DEBOUNCE": 0,
        "sync default": "NATS's own: to disk every two minutes",
        "sync always": "the embedded server's: to disk before each acknowledgement",
    }
    return Outcome(setup, figures, tuple(targets))


async def _added(size: Size, sync: str, folder: Path, openai: str, say: Say) -> dict[str, dict[str, list[float]]]:
    """The added milliseconds of each round, by bot and share; the bots take turns."""
    added: dict[str, dict[str, list[float]]] = {name: {share: [] for share in SHARES} for name in (RECADO, FLOOR)}
    async with AsyncExitStack() as stack:
        bots: list[Bot] = [
            await stack.enter_async_context(
                running(name, folder / name, openai, chats=size.chats, history=size.history, sync=sync)
            )
            for name in added
        ]
        for bot in bots:
            await bot.people.write_at(size.rate, min(size.chats, size.messages) // 2, size.chats, seed=0)
        for number in range(size.rounds):
            say(f"{size.rate:g} a second, sync {sync}, round {number + 1} of {size.rounds}")
            for bot in bots:
                await bot.people.write_at(size.rate, size.messages, size.chats, seed=number + 1)
                for share, part in SHARES.items():
                    over = percentile(bot.people.took, part) - MODEL_LATENCY
                    added[bot.name][share].append(over * 1000)
    return added
