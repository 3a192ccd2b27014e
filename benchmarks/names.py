"""The names of people: a gateway's start with a million of them, without its file and with it, look-ups, and intake.

Each start is a process of its own. CPU counts rather than the clock, except for the start, which is shown by both. The
figures of intake are those of a message by number and user id: what naming it costs beside reading its webhook.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import cast

import msgspec

from benchmarks.figures import Figure, Outcome, Say, at_most, figure
from benchmarks.servers import nats_server
from events.codec import encode
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.publisher import Publisher
from events.memory_log import MemoryLog
from events.subjects import token
from gateways.cloud.parsing import Parser
from gateways.cloud.updates import Arrived
from gateways.names.bucket import AliasBucket, Change, Place
from gateways.names.names import Names
from gateways.names.saved import NamesFile
from tests.doubles.graph_webhooks import message, messages, one_number
from tests.waiting import until

ACCOUNT = "shop"
START_S, MEMORY_MB, LOOK_UP_US, INTAKE_US = 5.0, 120.0, 5.0, 20.0
_AT_ONCE = 2_000


class Size(msgspec.Struct, frozen=True):
    """`names` of one account, in a bucket; `asked` look-ups of some of them, and as many messages."""

    names: int = 1_000_000
    asked: int = 100_000
    rounds: int = 3


TINY = Size(names=2_000, asked=100, rounds=1)


class Start(msgspec.Struct, frozen=True):
    """The cost of a start: seconds by the clock, seconds of CPU, megabytes."""

    seconds: float
    cpu: float
    memory: float


def number(person: int) -> str:
    return f"{12020000000 + person}@s.whatsapp.net"


def user(person: int) -> str:
    return f"US.{13491208655302741918 + person}@bsuid"


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    file = folder / "names.bin"
    cold, warm = list[Start](), list[Start]()
    with nats_server(folder / "server") as server:
        say("filling the bucket")
        bus = await Bus.open(server.url)
        log = await JetStreamLog.open(bus)
        bucket = await AliasBucket.open(bus, makes=True)
        await _fill(bus, size.names)
        for number_ in range(size.rounds):
            say(f"starts, round {number_ + 1} of {size.rounds}")
            file.unlink(missing_ok=True)
            cold.append(_started(server.url, file))
            warm.append(_started(server.url, file))
        await bucket.close()
        await log.close()
        await bus.close()
    say("look-ups")
    figures: dict[str, Figure] = {}
    for what, starts in (("without its file", cold), ("with its file", warm)):
        figures[f"start {what}"] = figure([one.seconds for one in starts], "s")
        figures[f"start {what}, CPU"] = figure([one.cpu for one in starts], "s")
        figures[f"memory after a start {what}"] = figure([one.memory for one in starts], "MB")
    async with known_names([(user(n), number(n)) for n in range(size.names)]) as names:
        figures |= _looked_up(size, names)
    targets = [
        at_most("start with its file", figures["start with its file"], START_S),
        *(at_most(what, figures[what], MEMORY_MB) for what in figures if what.startswith("memory")),
        at_most("a look-up", figures["a look-up"], LOOK_UP_US),
        at_most("an update, read and named", figures["an update, read and named"], INTAKE_US),
    ]
    return Outcome({"names": size.names, "look-ups": size.asked}, figures, tuple(targets))


def _looked_up(size: Size, names: Names) -> dict[str, Figure]:
    body = messages(*(message(f"wamid.{n}") for n in range(10)))
    parser, times = Parser(one_number(ACCOUNT)), max(size.asked // 100, 1)
    taken: dict[str, list[float]] = {}

    def took(what: str, began: float, count: int) -> None:
        taken.setdefault(what, []).append((time.process_time() - began) / count * 1e6)

    for _ in range(size.rounds):
        people = [random.randrange(size.names) for _ in range(size.asked)]
        users = [user(person) for person in people]
        pairs = [(number(person), user(person)) for person in people]
        began = time.process_time()
        for name in users:
            names.canonical(ACCOUNT, name)
        took("a look-up", began, len(users))
        began = time.process_time()
        for pair in pairs:
            names.at_once(ACCOUNT, pair)
        took("a person that was not met lately", began, len(pairs))
        lately = pairs[-1000:]
        began = time.process_time()
        for pair in lately * (len(pairs) // len(lately)):
            names.at_once(ACCOUNT, pair)
        took("a person that was met lately", began, len(lately) * (len(pairs) // len(lately)))
        for named in (False, True):
            began = time.process_time()
            for at in range(times):
                for update in parser.parse(body):
                    arrived = cast(Arrived, update)
                    if named:
                        names.check()
                        names.at_once(ACCOUNT, lately[at % len(lately)])
                    encode(arrived.event)
            took("an update, read and named" if named else "an update, read", began, 10 * times)
    return {what: figure(each, "µs") for what, each in taken.items()}


class _Filled(AliasBucket):
    """A bucket with these names, and no bus."""

    def __init__(self, names: list[tuple[str, str]]) -> None:
        self._names = names

    async def count(self, account: str | None) -> int:  # noqa: ARG002 - the bucket's
        return len(self._names)

    async def gone(self) -> int:
        return 0

    async def newest(self, account: str | None) -> Place | None:  # noqa: ARG002 - the bucket's
        return None

    async def follow(self, after: int, account: str | None = None) -> AsyncGenerator[tuple[list[Change], bool], None]:
        of = token(account or ACCOUNT).encode()
        for first in range(after, len(self._names), _AT_ONCE):
            part = self._names[first : first + _AT_ONCE]
            changes = [
                Change(first + at, of, token(name).encode(), chat.encode()) for at, (name, chat) in enumerate(part, 1)
            ]
            yield changes, first + len(part) == len(self._names)
        await asyncio.Event().wait()


@asynccontextmanager
async def known_names(names: list[tuple[str, str]], account: str = ACCOUNT) -> AsyncIterator[Names]:
    """Names of people, each with the name of its chat, without a bus."""
    known = Names(MemoryLog(), _Filled(names), account, may_join=_may)
    following = asyncio.create_task(known.run())
    await known.ready.wait()
    yield known
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def _may() -> bool:
    return True


async def _fill(bus: Bus, names: int) -> None:
    publisher = await Publisher.open(bus)
    for first in range(0, names, _AT_ONCE):
        await asyncio.gather(*(
            publisher.publish(f"$KV.ALIASES.{ACCOUNT}.{token(user(n))}", number(n).encode(), {})
            for n in range(first, min(first + _AT_ONCE, names))
        ))  # fmt: skip
    await publisher.close()


def _started(url: str, file: Path) -> Start:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_start, url, file).result()


def _start(url: str, file: Path) -> Start:
    return asyncio.run(_start_here(url, file))


async def _start_here(url: str, file: Path) -> Start:
    """Start, in this process, with the file or, where there is none, until it is written."""
    bus = await Bus.open(url)
    log = await JetStreamLog.open(bus)
    bucket = await AliasBucket.open(bus)
    before, began, cpu = _rss(), time.perf_counter(), time.process_time()
    names = Names(log, bucket, ACCOUNT, may_join=_may, file=NamesFile(file))
    following = asyncio.create_task(names.run())
    await names.ready.wait()
    took, used = time.perf_counter() - began, time.process_time() - cpu
    saving = asyncio.create_task(names.save())
    await until(file.exists, within=600)
    memory = _rss() - before
    for task in (following, saving):
        task.cancel()
    await asyncio.gather(following, saving, return_exceptions=True)
    await bucket.close()
    await log.close()
    await bus.close()
    return Start(took, used, memory)


def _rss() -> float:
    """Megabytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6
