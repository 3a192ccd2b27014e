"""What a new number's gateway takes in before it has the lease is answered and sent: it takes messages in from its
start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

import httpx2

from actors.leases.lease import Lease
from events.files import NoFiles
from events.jetstream.media_store import MediaStore
from events.memory_log import MemoryLog
from gateways.cloud.graph import Graph
from gateways.cloud.parsing import Parser
from gateways.cloud.webhook import Webhook
from gateways.intake import NoPeople
from recado.settings.settings import settings_of
from recado.settings.whatsapp import Number
from recado.wiring.cloud_number import CloudNumber, Parts
from recado.wiring.cloud_numbers import CloudNumbers
from tests.doubles.graph_server import GraphDouble
from tests.doubles.graph_webhooks import APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN, message, messages, signed
from tests.gateways.cloud.numbers import GIVEN, SHOP
from tests.gateways.replies import decide, reply


class Late:
    """A lease that is taken once it is `free`."""

    def __init__(self, free: asyncio.Event) -> None:
        self.held = False
        self._free = free

    async def keep(self, on_taken: Callable[[], None], _on_lost: Callable[[], None]) -> None:
        await self._free.wait()
        self.held = True
        on_taken()
        await asyncio.Event().wait()


async def test_a_reply_from_before_the_lease_is_sent(tmp_path: Path) -> None:
    """Given a gateway's first start, when a message comes in and is answered before the lease is taken, then the reply
    goes out; one that is older than the gateway does not."""
    log, free = MemoryLog(), asyncio.Event()
    await decide(log, reply("old", SHOP), SHOP)
    async with GraphDouble() as meta, Graph.session() as session:
        settings = settings_of(GIVEN | {"WHATSAPP_GRAPH_URL": meta.url, "RECADO_DATA": str(tmp_path)})
        parts = Parts(settings, log, session, cast("MediaStore", None), NoFiles(), NoPeople(), None)
        numbers = CloudNumbers(
            lambda: (Number(PHONE_NUMBER_ID, "shop"),),
            lambda number: CloudNumber(number, parts, lambda: cast("Lease", Late(free))),
        )
        running = asyncio.create_task(numbers.run())
        try:
            await numbers.look_again()
            hook = Webhook(log, "shop", Parser(numbers.lines, None), app_secret=APP_SECRET, verify_token=VERIFY_TOKEN)
            raw = messages(message("wamid.1"))
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(hook.app()), base_url="http://hook") as person:
                assert (await person.post("/webhook", content=raw, headers=signed(raw))).status_code == 200
            await decide(log, reply("first", SHOP), SHOP)
            free.set()
            await meta.until_taken(1)
            assert meta.texts() == ["text of first"]
        finally:
            await numbers.drain()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
