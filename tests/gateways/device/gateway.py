"""The gateway in the test's own process: the real one but for the port, its process, its lease and its signals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from events.inbound import Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.jetstream.stored_files import StoredFiles
from events.log import RawMessage
from recado.settings.settings import Settings
from recado.wiring.device_gateway import Device
from recado.wiring.media import open_store
from tests.gateways.device.phone import FakePhone
from tests.gateways.names.given import following
from tests.gateways.replies import events
from tests.waiting import until


class Linked(NamedTuple):
    """A gateway that runs, the phone it is linked to, and what it shares with others."""

    device: Device
    phone: FakePhone
    log: JetStreamLog
    store: MediaStore
    running: asyncio.Task[None]

    async def messages(self) -> list[tuple[str, Message]]:
        """The chat and the message of each that the log has."""
        return [
            (recorded.key.chat, recorded.event)
            for recorded in await events(self.log, "me")
            if isinstance(recorded.event, Message)
        ]


@asynccontextmanager
async def linked(bus: Bus, log: JetStreamLog, data_dir: Path, **settings: Any) -> AsyncIterator[Linked]:
    """Leaving it ends the gateway as one stops a service."""
    chosen = Settings(data=data_dir, **settings)
    store, phone = await open_store(chosen, bus, log), FakePhone()
    async with following(bus, log) as names:
        device = Device(chosen, "me", log, names, store, sent=StoredFiles(bus), link=lambda: phone)
        running = asyncio.create_task(device.run())
        try:
            await until(lambda: (device.started.is_set() and phone.receive is not None) or running.done())
            yield Linked(device, phone, log, store, running)
            if not running.done():
                device.stop()
                async with asyncio.timeout(60):
                    await running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def dead_letters(bus: Bus) -> list[RawMessage]:
    """What was kept as it came."""
    js, found = bus.jetstream(), []
    info = await js.stream_info("DLQ")
    for seq in range(1, info.state.last_seq + 1):
        stored = await js.get_msg("DLQ", seq)
        found.append(RawMessage(seq, stored.subject or "", dict(stored.headers or {}), stored.data or b""))
    return found
