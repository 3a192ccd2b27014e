"""The names of people: memory, the time to read them at a gateway's start, and look-ups. Prints JSON.

python -m benchmarks.names [NAMES]
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.servers import nats_server
from events.inbound import Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.publisher import Publisher
from events.memory_log import MemoryLog
from events.subjects import ChatKey, token
from gateways.intake import Intake
from gateways.names.bucket import AliasBucket
from gateways.names.names import Names

NAMES = 1_000_000
ACCOUNT = "shop"
_LOOK_UPS = 200_000
_AT_ONCE = 2_000


def number(person: int) -> str:
    return f"{12020000000 + person}@s.whatsapp.net"


def user(person: int) -> str:
    return f"US.{13491208655302741918 + person}@bsuid"


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


def _rss() -> float:
    """Megabytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


async def measure(names: int = NAMES) -> dict[str, float]:
    """The figures, with `names` names of one account."""
    with tempfile.TemporaryDirectory() as folder, nats_server(Path(folder)) as server:
        bus = await Bus.open(server.url)
        log = await JetStreamLog.open(bus)
        bucket = await AliasBucket.open(bus, makes=True)
        await _fill(bus, names)
        before, began, cpu = _rss(), time.perf_counter(), time.process_time()
        known = Names(log, bucket, ACCOUNT, may_join=_may)
        following = asyncio.create_task(known.run())
        await known.ready.wait()
        loaded, used, memory = time.perf_counter() - began, time.process_time() - cpu, _rss() - before
        asked = [user(random.randrange(names)) for _ in range(_LOOK_UPS)]
        began = time.process_time()
        for name in asked:
            known.canonical(ACCOUNT, name)
        look_up = (time.process_time() - began) / _LOOK_UPS
        took = [await _intake(people, names) for people in (known, None)]
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await log.close()
        await bus.close()
    return {
        "names": names,
        "memory_mb": round(memory, 1),
        "start_s": round(loaded, 2),
        "start_cpu_s": round(used, 2),
        "look_up_us": round(look_up * 1e6, 2),
        "intake_added_us": round((took[0] - took[1]) * 1e6, 2),
    }


async def _intake(people: Names | None, names: int) -> float:
    """Seconds of CPU for a message of a known person, by number and user id."""
    intake, count = Intake(MemoryLog(), people), 20_000
    messages = [
        (ChatKey(ACCOUNT, number(n)), Message(id=str(at), text="hello", aliases=(user(n),)))
        for at, n in enumerate(random.randrange(names) for _ in range(count))
    ]
    began = time.process_time()
    for key, message in messages:
        await intake.store(key, message)
    return (time.process_time() - began) / count


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else NAMES))))
