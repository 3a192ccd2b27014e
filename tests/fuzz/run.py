"""Inputs by chance, world after world."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.fuzz.files import CHEAP, MIMES
from tests.fuzz.judge import Broken, judging
from tests.fuzz.model import MODES
from tests.fuzz.tally import Tally
from tests.fuzz.values import Values
from tests.fuzz.world import World, world

_EVERY = 100
"""Steps between two messages of others."""

_STEPS = (
    *("in",) * 6, *("control",) * 4, *("receipt",) * 4, *("edit",) * 2, *("revoke",) * 2, *("webhook",) * 6,
    *("say",) * 5, "file", "look",
)  # fmt: skip


async def fuzz(seed: int, inputs: int, tally: Tally, *, mode: str, documents: float = 0.002) -> None:
    """About so many inputs in one world. Raises Broken, which names the seed."""
    values = Values(f"{seed} {mode}")
    upto = tally.count + inputs
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with world(Path(folder), values, tally, mode) as made, judging(made) as judge:
                await judge.others_are_answered()
                while tally.count < upto:
                    for _ in range(_EVERY):
                        await _step(made, documents)
                    await judge.others_are_answered()
    except (AssertionError, ExceptionGroup) as broken:
        raise Broken(f"FUZZ_SEED={seed}, mode {mode}: {broken}") from broken
    finally:
        tally.close()


async def _step(made: World, documents: float) -> None:
    random, key = made.values.random, made.chat()
    match random.choice(_STEPS):
        case "webhook":
            await made.webhooks.put(key)
        case "say":
            if random.random() < 0.5:
                made.provider.plan()
            made.subjects.say(key)
        case "file":
            made.subjects.put_file(key, MIMES if random.random() < documents else CHEAP)
        case "look":
            await made.tools.look(5)
        case kind:
            made.subjects.put(kind, key)


def world_modes(count: int) -> list[str]:
    """The modes of `count` worlds: Chat Completions, which is asked most cheaply, every other time."""
    others = MODES[1:]
    return ["chat" if number % 2 == 0 else others[number // 2 % len(others)] for number in range(count)]


def one_world(seed: int, mode: str, inputs: int) -> tuple[Tally, str]:
    """In a process of its own: what became of the inputs, and what broke."""
    tally = Tally()
    try:
        asyncio.run(fuzz(seed, inputs, tally, mode=mode))
    except Broken as broken:
        return tally, str(broken)
    return tally, ""
