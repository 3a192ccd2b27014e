"""A process that rebuilds a projection as `recado replay` does: arguments are the bus's address and the data folder."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from projections.rebuild import rebuild


async def main(url: str, directory: Path) -> None:
    bus = await Bus.open(url, name="replay")
    log = await JetStreamLog.open(bus, max_bytes=256 * 1024 * 1024)
    report = await rebuild(log, directory)
    sys.stdout.write(f"{report.file} {report.checkpoint}\n")
    await log.close()
    await bus.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
