"""recado in a process of its own: the log on JetStream, runner and projection, router and actors, and a backend."""

from __future__ import annotations

import argparse
import asyncio
import gc
from pathlib import Path
from secrets import token_hex
from zoneinfo import ZoneInfo

from actors import effects
from actors.answering import Answering, Means, OneProfile, Policy
from actors.instance import Instance, Parts
from actors.leases.clocks import BusTime
from actors.router import Router
from backends.chat_completions import ChatCompletions
from backends.protocol import Backend
from backends.responses.backend import Responses
from benchmarks.bus import MODEL, SYSTEM_PROMPT
from benchmarks.process import stand_by
from chat.cleaning import Cleaned
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import EventLog
from events.subjects import PARTITIONS
from projections.reads.actor_reads import ChatReads
from projections.reads.reader import Reader
from projections.runner import Runner


class Recado:
    """One instance over `log`, its projection in `folder`; `start` returns once it takes work. A `bare` one tells its
    model nothing of the moment."""

    def __init__(
        self, log: EventLog, folder: Path, backend: Backend, history: int, *, bare: bool = False, max_runs: int = 512
    ) -> None:
        self.log = log
        self.runner = Runner(log, folder, self._dispatch, on_read=self._go_ahead)
        bus_time, incarnation = BusTime(), token_hex(8)
        policy = Policy(debounce=0.0, history=history, zone=None if bare else ZoneInfo("America/Sao_Paulo"))
        self.instance = Instance(
            Parts(
                incarnation=incarnation,
                log=log,
                reads=ChatReads(Reader(folder, lambda: self.runner.path), self.runner.uncommitted),
                progress=self.runner,
                bus_time=bus_time,
                fresh_id=lambda: token_hex(8),
                max_runs=max_runs,
            ),
            OneProfile(Answering(incarnation, Means(backend=backend), policy)),
        )
        self.router = Router(self.instance)

    async def start(self) -> None:
        self.instance.bus_time.observe((await self.log.head()).now)
        self.following = asyncio.create_task(self.runner.run())
        await self.runner.caught_up.wait()
        self.router.take(range(PARTITIONS))

    def _go_ahead(self, batch: list) -> bool:
        return self.router.deliver_early(batch)

    def _dispatch(self, batch: list) -> None:
        self.router.dispatch(batch)


async def main(args: argparse.Namespace) -> None:
    log = await JetStreamLog.open(await Bus.open(args.nats))
    kind = Responses if args.mode == "responses" else ChatCompletions
    backend = kind(api_key=args.api_key, base_url=args.openai, model=MODEL, system_prompt=SYSTEM_PROMPT)
    is_bare = args.bare == "True"
    if is_bare:
        effects.cleaned = Cleaned
    recado = Recado(log, args.folder, backend, args.history, bare=is_bare, max_runs=args.max_runs)
    await recado.start()
    gc.freeze()  # as recado.wiring does
    stand_by()
    await recado.following


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("--nats", "--openai", "--api-key", "--mode", "--bare"):
        parser.add_argument(name)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--history", type=int)
    parser.add_argument("--max-runs", type=int, default=512)
    asyncio.run(main(parser.parse_args()))
