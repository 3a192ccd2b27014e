"""Orders to a chat as a browser gives them, an instance that obeys one, a log that stores none, and what is said."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import Any

import msgspec
import pytest

from console import orders as desk_orders
from events.decisions import Decision, Reply
from events.inbound import Control
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from tests.console.conftest import ANA, Page
from tests.console.given import HTML, address, given, reply


async def ordered(page: Page, key: ChatKey, query: str = "", **form: str) -> tuple[int, str]:
    """POST a form as a browser does: the status, and where it leads or what it says."""
    form = {"id": token_hex(8)} | form
    async with page.session.post(
        page.address + address(key, f"/orders{query}"),
        data=form,
        headers={"Origin": page.address},
        allow_redirects=False,
    ) as response:
        return response.status, response.headers.get("location") or await response.text()


async def orders(page: Page, key: ChatKey) -> list[Control]:
    return [one.event async for one in page.log.of_chat(key, 10_000) if isinstance(one.event, Control)]


@pytest.fixture
def obeyed(page: Page) -> Callable[[ChatKey, Callable[[Control], Decision]], Awaitable[asyncio.Task[None]]]:
    """An instance that decides one thing on the next order about a chat."""

    async def obey(key: ChatKey, decide: Callable[[Control], Decision]) -> asyncio.Task[None]:
        after = (await page.log.head()).last

        async def once() -> None:
            async for batch in page.log.tail(after):
                for recorded in batch:
                    if isinstance(recorded.event, Control):
                        await given(page, key, decide(recorded.event))
                        return

        return asyncio.create_task(once())

    return obey


def replied(id_: str, control: Control) -> Reply:
    return msgspec.structs.replace(reply(ANA, id_, control.text or "", author="operator"), cause=control.id)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No instance and no gateway runs, and no test is to wait for one."""
    monkeypatch.setattr(desk_orders, "OBEYED_WITHIN", 0.2)
    monkeypatch.setattr(desk_orders, "SENT_WITHIN", 0)


async def said(page: Page, key: ChatKey = ANA) -> str:
    """What the chat's page says of the last order; empty if nothing."""
    shown = (await page.get(address(key), **HTML))[1]
    found = re.search(r'<p class="told"[^>]*>([^<]*)', shown)
    return found[1] if found else ""


class Refusing(MemoryLog):
    """A log that stores no order, or does and does not say so."""

    fault: Exception | None = None
    stores = False

    async def publish(self, key: ChatKey, event: Any, *, msg_id: str) -> Any:
        if self.fault is None or not isinstance(event, Control):
            return await super().publish(key, event, msg_id=msg_id)
        if self.stores:
            await super().publish(key, event, msg_id=msg_id)
        raise self.fault
