"""Runs benchmarks by name, each in a new process so that none is affected by another's memory."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import msgspec
import structlog
from pysqlite3 import dbapi2 as sqlite3

from benchmarks.figures import Outcome

NAMES = (
    *("appends", "replies", "where", "latency", "rebuild", "waking", "memory", "ready"),
    *("cli", "takeover", "instances", "idle", "assignment", "disk", "webhooks", "names", "desk", "chain", "telling"),
    *("fair", "profiles", "pictures", "knowledge"),
)


class Machine(msgspec.Struct, frozen=True):
    """The measured machine.

    - `cores`: the number of its cores.
    - `system`: its operating system and architecture.
    - `python`: the version of Python.
    - `sqlite`: the version of SQLite.
    - `load`: the one-minute load average before the run.
    """

    cores: int
    system: str
    python: str
    sqlite: str
    load: float


class Document(msgspec.Struct, frozen=True):
    """The document that `python -m benchmarks` prints.

    - `at`: the end of the run, in UTC.
    - `seconds`: its duration.
    - `machine`: the machine.
    - `benchmarks`: the outcomes by name.
    """

    at: str
    seconds: float
    machine: Machine
    benchmarks: dict[str, Outcome]


def document(names: Sequence[str], *, tiny: bool) -> Document:
    """Run the named benchmarks one after the other."""
    machine = Machine(
        os.cpu_count() or 1,
        f"{platform.system()} {platform.machine()}",
        platform.python_version(),
        sqlite3.sqlite_version,
        round(os.getloadavg()[0], 2),
    )
    started = time.monotonic()
    outcomes = {}
    for name in names:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            outcomes[name] = process.submit(run, name, tiny=tiny, started=started).result()
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return Document(at, round(time.monotonic() - started, 1), machine, outcomes)


def run(name: str, *, tiny: bool, started: float) -> Outcome:
    """The outcome of one benchmark, in this process. Progress goes to stderr, with seconds since `started`."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    benchmark = importlib.import_module(f"benchmarks.{name}")

    def say(step: str) -> None:
        print(f"{time.monotonic() - started:5.0f} s  {name}: {step}", file=sys.stderr, flush=True)

    say("starts")
    with tempfile.TemporaryDirectory(prefix="recado-bench-", ignore_cleanup_errors=True) as folder:
        size = benchmark.TINY if tiny else benchmark.Size()
        outcome: Outcome = asyncio.run(benchmark.run(size, Path(folder), say))
        return outcome
