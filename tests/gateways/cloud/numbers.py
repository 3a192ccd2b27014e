"""Two numbers of one Meta app, served in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

import httpx2
import pytest

from actors.leases.lease import Lease
from events.files import NoFiles
from events.inbound import Message, Receipt
from events.jetstream.media_store import MediaStore
from events.log import EventLog
from events.subjects import ChatKey
from gateways.cloud.graph import Graph
from gateways.cloud.parsing import Parser
from gateways.cloud.webhook import Webhook
from gateways.intake import NoPeople
from recado.settings.numbers import may_change, numbers_of
from recado.settings.settings import Settings, settings_of
from recado.wiring.cloud_number import CloudNumber, Parts
from recado.wiring.cloud_numbers import CloudNumbers
from tests.doubles.graph_server import ACCESS_TOKEN, GraphDouble
from tests.doubles.graph_webhooks import ANA, APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN, signed
from tests.gateways.replies import events
from tests.waiting import until

OTHER_ID = "109876543210987"
OTHER_TOKEN = "EAAGdouble-of-the-bakery"
SHOP, BAKERY = (ChatKey(account, f"{ANA}@s.whatsapp.net") for account in ("shop", "bakery"))
GIVEN = {
    "WHATSAPP_APP_SECRET": APP_SECRET,
    "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
    "WHATSAPP_ACCESS_TOKEN": ACCESS_TOKEN,
}


class Held:
    """A lease that nobody else wants."""

    held = False

    async def keep(self, on_taken: Callable[[], None], _on_lost: Callable[[], None]) -> None:
        self.held = True
        on_taken()
        await asyncio.Event().wait()


class Served(NamedTuple):
    numbers: CloudNumbers
    meta: httpx2.AsyncClient
    log: EventLog

    async def post(self, raw: bytes) -> int:
        return (await self.meta.post("/webhook", content=raw, headers=signed(raw))).status_code

    async def ids(self, account: str) -> list[str]:
        return [one.event.id for one in await events(self.log, account) if isinstance(one.event, Message)]

    async def until_noted(self, key: ChatKey, id_: str, state: str) -> None:
        async def noted() -> bool:
            found = [one.event for one in await events(self.log, key.account)]
            return any(isinstance(one, Receipt) and (one.reply, one.state) == (id_, state) for one in found)

        await until(noted)


@asynccontextmanager
async def served(settings: Settings, log: EventLog) -> AsyncIterator[Served]:
    """The numbers of the settings, with their webhook; without leases that others want, and without a bus."""
    async with Graph.session() as session:
        parts = Parts(settings, log, session, cast("MediaStore", None), NoFiles(), NoPeople(), None)
        numbers = CloudNumbers(
            lambda: numbers_of(settings), lambda number: CloudNumber(number, parts, lambda: cast("Lease", Held()))
        )
        await numbers.look_again()
        hook = Webhook(
            log,
            numbers_of(settings)[0].account,
            Parser(numbers.lines, settings.window_template),
            app_secret=APP_SECRET,
            verify_token=VERIFY_TOKEN,
            look_again=numbers.look_again if may_change(settings) else None,
        )
        running = asyncio.create_task(numbers.run())
        await until(lambda: all(gateway._replies.started.is_set() for gateway, _ in numbers._running.values()))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(hook.app()), base_url="http://hook") as meta:
            yield Served(numbers, meta, log)
        await numbers.drain()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def meta() -> AsyncIterator[GraphDouble]:
    async with GraphDouble() as double:
        double.tokens[OTHER_ID] = OTHER_TOKEN
        yield double


@pytest.fixture
def given(meta: GraphDouble, tmp_path: Path) -> dict[str, str]:
    return GIVEN | {"WHATSAPP_GRAPH_URL": meta.url, "RECADO_DATA": str(tmp_path / "data")}


@pytest.fixture
def two(given: dict[str, str]) -> Settings:
    listed = f"{PHONE_NUMBER_ID}=shop, {OTHER_ID}=bakery"
    return settings_of(given | {"WHATSAPP_NUMBERS": listed, f"WHATSAPP_ACCESS_TOKEN_{OTHER_ID}": OTHER_TOKEN})


def of_bakery(raw: Callable[..., bytes], *given: Any, **fields: Any) -> bytes:
    return raw(*given, phone_number_id=OTHER_ID, **fields)
