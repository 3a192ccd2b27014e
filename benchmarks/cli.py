"""Wall-clock time of two commands: `recado --help`, and `recado say` to an instance that answers at once.

`say` connects to the bus, stores the message, waits for its reply and prints it, so it includes the instance's time.
"""

from __future__ import annotations

import asyncio
import os
import sysconfig
import time
from pathlib import Path

import msgspec

from benchmarks.figures import Outcome, Say, at_most, figure
from benchmarks.servers import nats_server
from tests.chaos.process import recado

_COMMAND = Path(sysconfig.get_path("scripts")) / "recado"


class Size(msgspec.Struct, frozen=True):
    """Runs of each command."""

    runs: int = 11


TINY = Size(runs=1)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    helped, said = [], []
    with nats_server(folder / "nats") as server, recado(folder / "recado", NATS_URL=server.url) as instance:
        await instance.started()
        for number in range(size.runs):
            say(f"run {number + 1} of {size.runs}")
            helped.append(await _seconds("--help", **instance.environment))
            said.append(await _seconds("say", "5511999999999", f"hello {number}", **instance.environment))
    figures = {"recado --help": figure(helped, "s"), "recado say, its reply included": figure(said, "s")}
    targets = (
        at_most("recado --help", figures["recado --help"], 0.15),
        at_most("recado say", figures["recado say, its reply included"], 0.4),
    )
    return Outcome({"backend": "scripted", "RECADO_DEBOUNCE": 0, "runs": size.runs}, figures, targets)


async def _seconds(*arguments: str, **settings: str) -> float:
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        _COMMAND, *arguments, env={**os.environ, **settings}, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    if process.returncode != 0 or not out:
        raise RuntimeError(f"recado {' '.join(arguments)} ended with {process.returncode}")
    return time.perf_counter() - started
