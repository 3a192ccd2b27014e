"""The CPU that a reply takes for telling the model the moment of its turn, and for cleaning its answer.

recado and a recado that does neither take turns, so that a machine that is slower for a minute slows both.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from benchmarks.bots import BARE, RECADO, running
from benchmarks.figures import Outcome, Say, at_most, figure
from benchmarks.servers import openai_double


class Size(msgspec.Struct, frozen=True):
    """Replies in each round of each bot."""

    history: int = 20
    chats: int = 100
    rounds: int = 10
    replies: int = 1000


TINY = Size(history=2, chats=3, rounds=1, replies=6)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    async with openai_double() as openai, AsyncExitStack() as stack:
        bots = [
            await stack.enter_async_context(
                running(name, folder / name, openai, chats=size.chats, history=size.history)
            )
            for name in (RECADO, BARE)
        ]
        for bot in bots:
            await bot.people.converse(size.chats, size.chats)
        used: dict[str, list[float]] = {bot.name: [] for bot in bots}
        for number in range(size.rounds):
            say(f"round {number + 1} of {size.rounds}")
            for bot in bots if number % 2 else reversed(bots):
                before = await bot.process.cpu()
                await bot.people.converse(size.chats, size.replies)
                used[bot.name].append((await bot.process.cpu() - before) / size.replies)
    share = figure([told / bare for told, bare in zip(used[RECADO], used[BARE], strict=True)], "times")
    figures = {
        f"CPU of a reply, {name}": figure([seconds * 1e6 for seconds in all_], "µs") for name, all_ in used.items()
    }
    figures[f"{RECADO} / {BARE}"] = share
    setup: dict[str, str | int | float] = {
        "chats with a message in flight": size.chats,
        "replies in a round": size.replies,
        "messages of history": size.history,
    }
    return Outcome(setup, figures, (at_most("the moment and cleaning take 3 % of a reply", share, 1.03),))
