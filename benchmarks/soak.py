"""`python -m benchmarks.soak [--minutes 60] [--rate 50]`: runs recado under load for long; prints one JSON document.

One `recado up` in each mode, with the page and its simulated phones, each on a nats-server of its own; the doubles
answer. Memory, descriptors and lag are read every second; the first half of the time is warm-up, in which caches fill.
Progress goes to stderr. The exit status is 1 if a promise is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec
import structlog

from benchmarks.bus import ACCOUNT, MODEL
from benchmarks.figures import Target, percentile
from benchmarks.people import People
from benchmarks.servers import nats_server, openai_double
from tests.doubles.openai_server import API_KEY

MODES = ("chat", "responses")
MODEL_LATENCY = 0.3
WARM_UP = 0.5
SHOWN_EVERY = 30
STARTS_WITHIN = 60.0
_RECADO = (sys.executable, "-c", "from recado.cli import main; main()")
_PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


class Sample(msgspec.Struct, frozen=True):
    """A sample of an instance.

    - `at`: seconds since the start.
    - `memory`: KB of memory.
    - `descriptors`: open descriptors.
    - `lag`: events of the log that the projection does not have yet.
    """

    at: float
    memory: int
    descriptors: int
    lag: int


class Soaked(msgspec.Struct, frozen=True):
    """The result of one mode.

    - `messages`: answered messages.
    - `events`: the last sequence of the log.
    - `added_p50`, `added_p99`: added latency in milliseconds.
    - `memory_first`, `memory_last`: KB after warm-up and at the end.
    - `memory_slope`: growth in KB an hour, fitted through all samples after warm-up.
    - `descriptors_first`, `descriptors_last`, `descriptors_most`: open descriptors after warm-up, at the end, at most.
    - `lag_most`: the largest lag in events.
    - `lag_seconds`: the mean time in which the log grew by `lag_most` events.
    - `verified`: whether `recado verify` found no difference.
    """

    messages: int
    events: int
    added_p50: float
    added_p99: float
    memory_first: int
    memory_last: int
    memory_slope: float
    descriptors_first: int
    descriptors_last: int
    descriptors_most: int
    lag_most: int
    lag_seconds: float
    verified: bool


class Document(msgspec.Struct, frozen=True):
    """The printed document.

    - `minutes`: the time for which messages were written.
    - `rate`: messages a second, all modes together.
    - `chats`: chats of each mode.
    - `load`: the one-minute load average before the run.
    - `modes`: the result of each mode.
    - `targets`: the promises.
    """

    minutes: float
    rate: float
    chats: int
    load: float
    modes: dict[str, Soaked]
    targets: tuple[Target, ...]


class Verified(NamedTuple):
    """The last sequence of the log, and whether the projection agrees with the log."""

    events: int
    same: bool


class _Report(msgspec.Struct):
    checkpoint: int


class Instance:
    """A running `recado up` with its samples."""

    def __init__(self, process: asyncio.subprocess.Process, page: str, environment: dict[str, str]) -> None:
        self.samples: list[Sample] = []
        self._process = process
        self._page = page
        self._environment = environment

    async def sample(self, session: aiohttp.ClientSession, at: float) -> None:
        of_process = Path(f"/proc/{self._process.pid}")
        memory = int((of_process / "statm").read_text().split()[1]) * _PAGE_KB
        descriptors = len(list((of_process / "fd").iterdir()))
        async with session.get(f"{self._page}metrics") as response:
            lines = (await response.text()).splitlines()
        lag = next(float(line.split()[1]) for line in lines if line.startswith("recado_projection_lag "))
        self.samples.append(Sample(at, memory, descriptors, int(lag)))

    async def verify(self) -> Verified:
        """The result of `recado verify`, which compares the projection with the log."""
        command = await asyncio.create_subprocess_exec(
            *_RECADO, "verify", "--json", env=self._environment, stdout=asyncio.subprocess.PIPE
        )
        report, _ = await command.communicate()
        return Verified(msgspec.json.decode(report, type=_Report).checkpoint, command.returncode == 0)


@asynccontextmanager
async def running(mode: str, folder: Path, nats: str, openai: str) -> AsyncIterator[Instance]:
    settings = {
        "OPENAI_API_MODE": mode,
        "OPENAI_API_KEY": API_KEY,
        "OPENAI_BASE_URL": openai,
        "OPENAI_MODEL": MODEL,
        "NATS_URL": nats,
        "RECADO_ACCOUNT": ACCOUNT,
        "RECADO_DATA": str(folder / "data"),
        "RECADO_DEBOUNCE": "0",
        "RECADO_BOT_LOOP": "0",
        "RECADO_MESSAGES_PER_HOUR": "0",
        "RECADO_PORT": "0",
    }
    environment = {**os.environ, **settings}
    with (folder / "up.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *_RECADO, "up", env=environment, stdout=asyncio.subprocess.PIPE, stderr=output
        )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), STARTS_WITHIN)
        if not line:
            raise RuntimeError(f"recado up ended:\n{(folder / 'up.log').read_text()[-2000:]}")
        page = f"{line.decode().split()[-1].rstrip('/')}/"
        async with asyncio.timeout(STARTS_WITHIN), aiohttp.ClientSession() as session:
            while not await _is_ready(session, page):  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.1)
        yield Instance(process, page, environment)
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _is_ready(session: aiohttp.ClientSession, page: str) -> bool:
    async with session.get(f"{page}readyz") as response:
        return response.status == 200


async def soak(minutes: float, rate: float, chats: int, folder: Path) -> Document:
    load, each = os.getloadavg()[0], rate / len(MODES)
    messages = max(1, int(minutes * 60 * each))
    async with AsyncExitStack() as stack:
        openai = await stack.enter_async_context(openai_double(MODEL_LATENCY))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        instances: dict[str, Instance] = {}
        people: dict[str, People] = {}
        for mode in MODES:
            there = folder / mode
            server = stack.enter_context(nats_server(there / "nats"))
            instances[mode] = await stack.enter_async_context(running(mode, there, server.url, openai))
            people[mode] = await stack.enter_async_context(People.at(server.url))
        writing = asyncio.gather(
            *(someone.write_at(each, messages, chats, seed=number) for number, someone in enumerate(people.values()))
        )
        watching = asyncio.create_task(_watch(instances, people, session))
        await asyncio.wait([writing, watching], return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            watching.result()
        watching.cancel()
        await writing
        modes = {mode: _soaked(instances[mode], people[mode], await instances[mode].verify()) for mode in MODES}
    return Document(minutes, rate, chats, round(load, 2), modes, tuple(_targets(modes)))


async def _watch(instances: dict[str, Instance], people: dict[str, People], session: aiohttp.ClientSession) -> None:
    """Read a sample of each instance every second, and print the progress now and then, until cancelled."""
    started = time.monotonic()
    for second in range(sys.maxsize):
        await asyncio.sleep(max(0.0, started + second - time.monotonic()))
        for mode, instance in instances.items():
            await instance.sample(session, time.monotonic() - started)
            if second % SHOWN_EVERY == 0:
                now = instance.samples[-1]
                print(
                    f"{second:6} s  {mode}: {len(people[mode].took):,} replies, {now.memory:,} KB, "
                    f"{now.descriptors} descriptors, lag {now.lag}",
                    file=sys.stderr,
                    flush=True,
                )


def _soaked(instance: Instance, people: People, verified: Verified) -> Soaked:
    samples = instance.samples
    warm = [sample for sample in samples if sample.at >= samples[-1].at * WARM_UP]
    by_hour = statistics.linear_regression([s.at / 3600 for s in warm], [float(s.memory) for s in warm]).slope
    lag = max(s.lag for s in samples)
    added = [seconds - MODEL_LATENCY for seconds in people.took]
    return Soaked(
        messages=len(added),
        events=verified.events,
        added_p50=round(percentile(added, 0.5) * 1000, 1),
        added_p99=round(percentile(added, 0.99) * 1000, 1),
        memory_first=warm[0].memory,
        memory_last=warm[-1].memory,
        memory_slope=round(by_hour, 1),
        descriptors_first=warm[0].descriptors,
        descriptors_last=warm[-1].descriptors,
        descriptors_most=max(s.descriptors for s in warm),
        lag_most=lag,
        lag_seconds=round(lag / verified.events * samples[-1].at, 3),
        verified=verified.same,
    )


def _targets(modes: dict[str, Soaked]) -> list[Target]:
    targets = []
    for mode, soaked in modes.items():
        growth = soaked.memory_slope / soaked.memory_first * 100
        more = soaked.descriptors_last - soaked.descriptors_first
        for what, wanted, measured, unit in (
            ("memory's growth after warm-up", 10.0, round(growth, 2), "% an hour"),
            ("descriptors' growth after warm-up", 20.0, float(more), "descriptors"),
            ("lag", 1.0, soaked.lag_seconds, "s"),
            ("differences that verify finds", 0.0, float(not soaked.verified), "files"),
        ):
            targets.append(Target(f"{mode}: {what}", "at_most", wanted, measured, unit, measured <= wanted))
    return targets


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="Run recado for long under load.")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long messages are written (%(default)s)")
    parser.add_argument("--rate", type=float, default=50.0, help="messages a second, all modes together (%(default)s)")
    parser.add_argument("--chats", type=int, default=500, help="chats of each mode (%(default)s)")
    args = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="recado-soak-", ignore_cleanup_errors=True) as folder:
        document = asyncio.run(soak(args.minutes, args.rate, args.chats, Path(folder)))
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    sys.exit(not all(target.reached for target in document.targets))


if __name__ == "__main__":
    main()
