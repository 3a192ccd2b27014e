"""The three bots, each with a nats-server of its own and a past of the same length."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from benchmarks.conversations import publish_conversations, write_conversations
from benchmarks.people import People
from benchmarks.process import Measured, measured
from benchmarks.servers import nats_server
from benchmarks.transcript import Transcript
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from tests.doubles.openai_server import API_KEY

RECADO, OBVIOUS, FLOOR = "recado", "obvious", "floor"
BARE = "recado that tells and cleans nothing"
_MODULES = {
    RECADO: "benchmarks.instance",
    BARE: "benchmarks.instance",
    OBVIOUS: "benchmarks.obvious",
    FLOOR: "benchmarks.floor",
}


class Bot(msgspec.Struct, frozen=True):
    """A bot that runs, and the people who write to it."""

    name: str
    process: Measured
    people: People


@asynccontextmanager
async def running(
    name: str, folder: Path, openai: str, *, chats: int, history: int, sync: str = "default", mode: str = "chat"
) -> AsyncIterator[Bot]:
    """Bot `name`; each of `chats` has `history` earlier messages, as many as the model gets."""
    await _past(name, folder, chats, history)
    with nats_server(folder / "nats", sync) as server:
        async with (
            measured(
                _MODULES[name],
                nats=server.url,
                openai=openai,
                api_key=API_KEY,
                folder=folder,
                history=history,
                **({"mode": mode, "bare": name == BARE} if name in {RECADO, BARE} else {}),
            ) as process,
            People.at(server.url) as people,
        ):
            yield Bot(name, process, people)


async def _past(name: str, folder: Path, chats: int, history: int) -> None:
    exchanges = (history + 1) // 2
    if name not in {RECADO, BARE}:
        folder.mkdir(parents=True)
        transcript = Transcript(folder / "transcript.db")
        write_conversations(transcript, chats, exchanges)
        transcript.close()
        return
    # Without syncs, also if the server syncs later: the past need not survive a crash.
    with nats_server(folder / "nats") as server:
        bus = await Bus.open(server.url)
        await publish_conversations(await JetStreamLog.open(bus), chats, exchanges)
        await bus.close()
