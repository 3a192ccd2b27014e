"""Speed of rebuilding the projection from the log, beside PyPI's `eventsourcing`, which fills the same tables.

`raw` reads the same log into two tables without a rule: no endings, no repeats, no snapshots, no index of words.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec

from benchmarks import raw, with_eventsourcing
from benchmarks.conversations import publish_conversations
from benchmarks.figures import Outcome, Say, at_least, figure, ratio
from benchmarks.servers import nats_server
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import EventLog
from projections.rebuild import rebuild

RAW = "raw"
SHIPPED, UNSYNCED = "eventsourcing as shipped", "eventsourcing, its file not synced"


class Size(msgspec.Struct, frozen=True):
    """40,000 messages in 1,000 chats; one turn in three answers two at once: 101,000 events.

    The library gets fewer chats because it takes much longer; their number does not change its speed.
    """

    chats: int = 1000
    messages: int = 40
    burst_every: int = 3
    unsynced_chats: int = 60
    shipped_chats: int = 4
    rounds: int = 3


TINY = Size(chats=3, messages=4, unsynced_chats=2, shipped_chats=1, rounds=1)


class Timed(msgspec.Struct, frozen=True):
    """Folded events per second, and per second of CPU."""

    rate: float
    rate_by_cpu: float


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    recado: list[Timed] = []
    others: dict[str, list[Timed]] = {RAW: [], SHIPPED: [], UNSYNCED: []}
    with nats_server(folder / "nats") as server:
        bus = await Bus.open(server.url)
        log = await JetStreamLog.open(bus)
        say("writing the logs")
        events = await publish_conversations(log, size.chats, size.messages, size.burst_every)
        for number in range(size.rounds):
            say(f"round {number + 1} of {size.rounds}")
            there = folder / str(number)
            there.mkdir()
            recado.append(await _rebuilt(log, there, events))
            others[RAW].append(await _raw(server.url, there / "raw.db", events))
            for name, chats in ((SHIPPED, size.shipped_chats), (UNSYNCED, size.unsynced_chats)):
                others[name].append(await asyncio.to_thread(_projected, size, there, name, chats))
        await log.close()
        await bus.close()
    speed = figure([timed.rate for timed in recado], "events/s")
    figures = {"recado": speed, "recado, by CPU": figure([timed.rate_by_cpu for timed in recado], "events/CPU-s")}
    for name, timed in others.items():
        figures[name] = figure([each.rate for each in timed], "events/s")
        figures[f"{name}, by CPU"] = figure([each.rate_by_cpu for each in timed], "events/CPU-s")
        figures[f"recado / {name}"] = ratio([each.rate for each in recado], [each.rate for each in timed])
    return Outcome(
        {"events": events, "chats": size.chats, "messages": size.chats * size.messages},
        figures,
        (
            at_least("rebuild", speed, 40_000),
            at_least("rebuild beside raw", figures[f"recado / {RAW}"], 0.5),
            at_least(f"rebuild beside {SHIPPED}", figures[f"recado / {SHIPPED}"], 15),
            at_least(f"rebuild beside {UNSYNCED}", figures[f"recado / {UNSYNCED}"], 15),
        ),
    )


async def _rebuilt(log: EventLog, directory: Path, events: int) -> Timed:
    started, used = time.perf_counter(), time.process_time()
    report = await rebuild(log, directory)
    timed = _timed(report.events, started, used)
    if report.events != events:
        raise RuntimeError(f"the log has {events} events, {report.events} were folded")
    return timed


async def _raw(url: str, file: Path, events: int) -> Timed:
    started, used = time.perf_counter(), time.process_time()
    await raw.fill(url, file, events)
    return _timed(events, started, used)


def _projected(size: Size, folder: Path, name: str, chats: int) -> Timed:
    application = with_eventsourcing.written(folder / f"{name}.events", chats, size.messages, size.burst_every)
    started, used = time.perf_counter(), time.process_time()
    events = with_eventsourcing.project(application, folder / f"{name}.tables", synced=name == SHIPPED)
    timed = _timed(events, started, used)
    application.close()
    return timed


def _timed(events: int, started: float, used: float) -> Timed:
    return Timed(events / (time.perf_counter() - started), events / (time.process_time() - used))
