"""Memory of an idle chat with a live actor: the growth of the process's own memory, divided by the number of chats."""

from __future__ import annotations

import gc
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec

from benchmarks.figures import Outcome, Say, at_most, figure
from benchmarks.past import idle_router, known, past
from events.subjects import PARTITIONS


class Size(msgspec.Struct, frozen=True):
    """The number of live chats, and of earlier messages in each."""

    chats: int = 50_000
    messages: int = 1


TINY = Size(chats=50)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    say("folding the past")
    # In another process: memory that this process freed could be used again without growth.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        last = other.submit(past, folder, [(person, size.messages) for person in range(size.chats)]).result()
    router = idle_router(folder, last)
    router.take(range(PARTITIONS))
    # The first actor's extra memory (a connection, compiled statements) belongs to no actor.
    router.dispatch([known(0)])
    gc.collect()
    before = memory()
    say("waking")
    for person in range(1, size.chats):
        router.dispatch([known(person)])
    gc.collect()
    grown = (memory() - before) / (size.chats - 1) / 1024
    if len(router) != size.chats:
        raise RuntimeError(f"{len(router)} of {size.chats} chats are awake")
    await router.close()
    each = figure([grown], "KB")
    return Outcome({"live actors": size.chats}, {"an idle live actor": each}, (at_most("an idle live actor", each, 4),))


def memory() -> float:
    """Bytes of the process that no file backs (SQLite maps its file); on other systems than Linux, all its bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return float(lines["RssAnon"].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
