"""Time from the start of `recado serve` to its `/readyz`, with a current projection, for several lengths of the log."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import aiohttp
import msgspec

from benchmarks.conversations import publish_conversations
from benchmarks.figures import Figure, Outcome, Say, Target, at_most, figure
from benchmarks.servers import nats_server
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog

STARTS_WITHIN = 120.0
_IMPORTS = ("-c", "import recado.cli, recado.wiring; print(flush=True)")


class Size(msgspec.Struct, frozen=True):
    """The numbers of chats, one for each length of the log; a chat has ten messages and 31 events."""

    chats: tuple[int, ...] = (33, 3300, 33_000)
    messages: int = 10
    rounds: int = 5


TINY = Size(chats=(1,), messages=2, rounds=1)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    figures: dict[str, Figure] = {}
    targets: list[Target] = []
    for chats in size.chats:
        with nats_server(folder / str(chats)) as server:
            bus = await Bus.open(server.url)
            events = await publish_conversations(await JetStreamLog.open(bus), chats, size.messages)
            await bus.close()
            data = folder / str(chats) / "data"
            say(f"{events:,} events: the projection is built")
            await _seconds_to_ready(server.url, data)
            imports, all_of_it = [], []
            for number in range(size.rounds):
                say(f"{events:,} events: start {number + 1} of {size.rounds}")
                imports.append(await _seconds_of_imports())
                all_of_it.append(await _seconds_to_ready(server.url, data))
            shown = f"ready at {events:,} events, imports not counted"
            figures[shown] = figure([a - b for a, b in zip(all_of_it, imports, strict=True)], "s")
            figures[f"imports, {events:,} events"] = figure(imports, "s")
            targets.append(at_most(shown, figures[shown], 2))
    return Outcome({"backend": "scripted", "starts": size.rounds}, figures, tuple(targets))


async def _seconds_of_imports() -> float:
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, *_IMPORTS, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    await process.stdout.readline()
    seconds = time.perf_counter() - started
    if await process.wait() != 0:
        raise RuntimeError("recado cannot be imported")
    return seconds


async def _seconds_to_ready(nats_url: str, data: Path) -> float:
    """Start `recado serve`, wait until it takes work, stop it; returns the seconds of the wait.

    Its output goes to a file beside its data.
    """
    settings = {"OPENAI_API_MODE": "scripted", "NATS_URL": nats_url, "RECADO_DATA": str(data), "RECADO_PORT": "0"}
    data.mkdir(exist_ok=True)
    with (data.parent / "serve.log").open("ab") as output:
        started = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from recado.cli import main; main()", "serve"),
            env={**os.environ, **settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
        )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), STARTS_WITHIN)
        page = line.decode().split()[-1]
        async with asyncio.timeout(STARTS_WITHIN), aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"{page.rstrip('/')}/readyz") as response:
                    if response.status == 200:
                        return time.perf_counter() - started
                await asyncio.sleep(0.005)
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()
