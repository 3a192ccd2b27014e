"""CPU of a reply by the owner of the code: microseconds of recado's own process for each.

The same load as for replies per second of CPU, in `chat` mode and in `responses` mode, at several lengths of history.
recado's own share shows how much there is left to save; the rest is the price of the libraries and of the operating
system. In `responses` mode the provider keeps the history, and a reply takes more requests: one creates the response,
others poll it until it is done.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from benchmarks.bots import RECADO, running
from benchmarks.figures import Figure, Outcome, Say, figure
from benchmarks.servers import openai_double


class Size(msgspec.Struct, frozen=True):
    """The size of the benchmark.

    - `histories`: lengths of history, in messages.
    - `modes`: values of OPENAI_API_MODE.
    - `chats`: chats with a message in flight.
    - `rounds`: rounds for each mode and history.
    - `replies`: replies in a round.
    """

    histories: tuple[int, ...] = (1, 20, 40)
    modes: tuple[str, ...] = ("chat", "responses")
    chats: int = 100
    rounds: int = 3
    replies: int = 1000


TINY = Size(histories=(1,), chats=3, rounds=1, replies=6)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    figures: dict[str, Figure] = {}
    async with openai_double() as openai:
        for mode in size.modes:
            for history in size.histories:
                figures |= await _places(size, mode, history, folder / mode / str(history), openai, say)
    setup: dict[str, str | int | float] = {
        "chats with a message in flight": size.chats,
        "replies in a round": size.replies,
        "model latency, s": 0,
    }
    return Outcome(setup, figures)


async def _places(size: Size, mode: str, history: int, folder: Path, openai: str, say: Say) -> dict[str, Figure]:  # noqa: PLR0917
    rounds: list[dict[str, float]] = []
    async with running(RECADO, folder, openai, chats=size.chats, history=history, mode=mode) as bot:
        await bot.people.converse(size.chats, size.chats)
        for number in range(size.rounds):
            say(f"{mode}, {history} messages of history, round {number + 1} of {size.rounds}")
            before = await bot.process.places()
            await bot.people.converse(size.chats, size.replies)
            after = await bot.process.places()
            rounds.append({place: after[place] - before.get(place, 0.0) for place in after})
    each = 1e6 / size.replies
    shown = f"{mode}, {history} message{'s' * (history != 1)}"
    figures = {f"{shown}: all": figure((sum(one.values()) * each for one in rounds), "µs/reply")}
    for place in sorted({place for one in rounds for place in one}, key=lambda place: -rounds[0].get(place, 0.0)):
        figures[f"{shown}: {place}"] = figure((one.get(place, 0.0) * each for one in rounds), "µs/reply")
    return figures
