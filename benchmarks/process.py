"""A measured process, which reports its own use of the CPU.

The measured side calls `stand_by`, which prints `ready`; the measuring side asks over the process's standard input.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from benchmarks.sampler import Sampler

READY_WITHIN = 60.0


class Measured:
    """The measuring side's handle of the process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def cpu(self) -> float:
        """Seconds of CPU that all threads of the process have used, user and system."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"cpu\n")
        return float(await self._line())

    async def places(self) -> dict[str, float]:
        """Seconds of CPU by place (see benchmarks.sampler). The first call starts the sampler and returns none."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"places\n")
        return msgspec.json.decode(await self._line(), type=dict[str, float])

    async def _line(self) -> str:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), READY_WITHIN)
        if not line:
            raise RuntimeError(f"the measured process ended with {await self._process.wait()}")
        return line.decode().strip()

    async def ready(self) -> None:
        """Return once the process has printed `ready`."""
        while await self._line() != "ready":
            pass


@asynccontextmanager
async def measured(module: str, **options: object) -> AsyncIterator[Measured]:
    """Run `python -m module --option value …` until the block is left."""
    arguments = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        child = Measured(process)
        await child.ready()
        yield child
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def stand_by() -> None:
    """Print `ready`, and answer questions from a thread that sleeps between them. Called on the measured side."""
    sampler = Sampler()
    signal.signal(signal.SIGUSR1, lambda *_: sampler.start())
    threading.Thread(target=_answer, args=(sampler,), daemon=True).start()
    print("ready", flush=True)


def _answer(sampler: Sampler) -> None:
    for question in sys.stdin:
        if question.strip() == "cpu":
            print(time.process_time(), flush=True)
        elif sampler.runs:
            print(sampler.taken().decode(), flush=True)
        else:
            signal.raise_signal(signal.SIGUSR1)  # its handler runs on the main thread
            print("{}", flush=True)
    # The measuring process has ended.
    os._exit(1)
