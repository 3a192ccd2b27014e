"""A linked device's gateway in a process of its own, whose phone sends and then never answers.

    python -m tests.gateways.device.dying NATS_URL DATA

Prints a line when a message is on its way.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from gateways.device.wire import Quote
from recado.doctor.device_extra import require


async def main(url: str, data: Path) -> None:
    from tests.gateways.device.gateway import linked

    bus = await Bus.open(url)
    async with linked(bus, await JetStreamLog.open(bus), data) as me:

        async def send(_chat: str, text: str, _quote: Quote | None) -> str:
            print(text, flush=True)  # noqa: T201
            await asyncio.Event().wait()
            return "never"

        me.phone.send = send  # type: ignore[method-assign]
        print("ready", flush=True)  # noqa: T201
        await me.running


if __name__ == "__main__":
    require()
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
