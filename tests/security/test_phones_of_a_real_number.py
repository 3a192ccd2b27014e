"""The simulated phones and an account whose replies go to real phones: nobody's message is put into a person's chat."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp
import pytest

from events.inbound import Receipt
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.subjects import ChatKey
from tests.chaos.process import Recado, recado

SHOP = ChatKey("shop", "12025550143@s.whatsapp.net")


@pytest.mark.slow("recado starts twice")
async def test_a_gateway_that_comes_later(tmp_path: Path) -> None:
    """The page writes until a real gateway has sent something for the account, and has no phones from the next start
    on. The settings name no number here."""
    with recado(tmp_path, command="up", RECADO_ACCOUNT=SHOP.account) as up:
        await up.started()
        assert await can_write(up)
        address = up.embedded_bus()
        bus = await Bus.open(address.url, token=address.token)
        log = await JetStreamLog.open(bus)
        await log.publish(SHOP, Receipt(id="c1", reply="r0", state="sent", provider_id="wamid.1"), msg_id="c1")
        before = (await log.head()).last
        status, told = await written(up)
        assert (status, "that of a real number" in told) == (409, True)
        assert (await log.head()).last == before
        await log.close()
        await bus.close()
        up.kill()
        await up.started()
        assert not await can_write(up)


async def can_write(up: Recado) -> bool:
    return bool(json.loads((await up.asked("/api/overview"))[1])["can_write"])


async def written(up: Recado) -> tuple[int, str]:
    page = (await up.said("started"))["page"]
    body = {"id": "m1", "chat": SHOP.chat, "text": "hello"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{page}/api/messages", json=body, headers={"Origin": page}) as answer,
    ):
        return answer.status, await answer.text()
