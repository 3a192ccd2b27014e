"""Replies per second of CPU of the bot's own process, with a model that answers at once.

The bots of one history take turns. The influence of the history on recado is measured once more, with all histories in
turns: otherwise a machine that is slower for a minute would look like that influence.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from benchmarks.bots import FLOOR, OBVIOUS, RECADO, Bot, running
from benchmarks.figures import Figure, Outcome, Say, Target, at_least, at_most, figure, ratio
from benchmarks.servers import openai_double


class Size(msgspec.Struct, frozen=True):
    """Replies in each round of each bot; the obvious bot gets fewer, because it takes ten times as long."""

    histories: tuple[int, ...] = (1, 20, 40)
    chats: int = 100
    rounds: int = 5
    replies: int = 1000
    obvious_replies: int = 150


TINY = Size(histories=(2,), chats=3, rounds=1, replies=6, obvious_replies=3)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    figures: dict[str, Figure] = {}
    targets: list[Target] = []
    async with openai_double() as openai:
        for history in size.histories:
            rates = await _rates(size, history, folder / str(history), openai, say)
            shown = f"with {history} messages of history" if history > 1 else "with 1 message of history"
            for name, values in rates.items():
                figures[f"{name}, {shown}"] = figure(values, "replies/CPU-s")
            for other in (OBVIOUS, FLOOR):
                figures[f"{RECADO} / {other}, {shown}"] = ratio(rates[RECADO], rates[other])
            targets.append(
                at_least(f"recado beside the obvious way, {shown}", figures[f"{RECADO} / {OBVIOUS}, {shown}"], 8)
            )
        flat = figure(await _flatness(size, folder / "flat", openai, say), "times")
    figures["recado, most CPU of a history / least"] = flat
    targets.append(at_most("recado is flat in history", flat, 1.3))
    setup: dict[str, str | int | float] = {
        "chats with a message in flight": size.chats,
        "replies in a round": size.replies,
        "model latency, s": 0,
    }
    return Outcome(setup, figures, tuple(targets))


async def _flatness(size: Size, folder: Path, openai: str, say: Say) -> list[float]:
    """The highest CPU of a reply among the histories, divided by the lowest, round by round."""
    async with AsyncExitStack() as stack:
        bots = [
            await stack.enter_async_context(
                running(RECADO, folder / str(history), openai, chats=size.chats, history=history)
            )
            for history in size.histories
        ]
        for bot in bots:
            await bot.people.converse(size.chats, size.chats)
        rounds: list[list[float]] = []
        for number in range(size.rounds):
            say(f"every history, round {number + 1} of {size.rounds}")
            rounds.append([await _cpu(bot, size.chats, size.replies) for bot in bots])
    return [max(used) / min(used) for used in rounds]


async def _cpu(bot: Bot, chats: int, replies: int) -> float:
    """Seconds of CPU that the bot takes for `replies` in `chats`."""
    before = await bot.process.cpu()
    await bot.people.converse(chats, replies)
    return await bot.process.cpu() - before


async def _rates(size: Size, history: int, folder: Path, openai: str, say: Say) -> dict[str, list[float]]:
    """Replies per CPU-second of each bot, round by round; the bots take turns."""
    rates: dict[str, list[float]] = {RECADO: [], OBVIOUS: [], FLOOR: []}
    async with AsyncExitStack() as stack:
        bots: list[Bot] = [
            await stack.enter_async_context(running(name, folder / name, openai, chats=size.chats, history=history))
            for name in rates
        ]
        for bot in bots:
            # Every chat has a first message before the measurement.
            await bot.people.converse(size.chats, size.chats)
        for number in range(size.rounds):
            say(f"{history} messages of history, round {number + 1} of {size.rounds}")
            for bot in bots:
                replies = size.obvious_replies if bot.name == OBVIOUS else size.replies
                rates[bot.name].append(replies / await _cpu(bot, size.chats, replies))
    return rates
