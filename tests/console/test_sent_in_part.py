"""The desk says of a reply that it did not arrive as a whole, and why."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from console import orders as desk_orders
from events.inbound import Message, Receipt, ReceiptError
from tests.console.conftest import ANA, TOM, Page
from tests.console.given import HTML, address, given, reply
from tests.console.ordering import obeyed, ordered, replied

__all__ = ["obeyed"]

REFUSED = ReceiptError(class_="file_refused", code=131053, detail="Media <upload> error")


def part(number: int, state: Any, **fields: Any) -> Receipt:
    return Receipt(id=f"x{number}{state}", reply="r1", state=state, part=number, parts=2, **fields)


async def test_a_refused_file_is_on_its_line_and_in_the_list(page: Page) -> None:
    await given(page, TOM, Message(id="b1", text="hello"))
    await given(page, ANA, Message(id="a1", text="the menu?"), reply(ANA, "r1", "menu.pdf", "a1"))
    await given(page, ANA, part(1, "accepted"), part(2, "read"))
    assert "partly undelivered" not in (await page.get(address(ANA), **HTML))[1]
    await given(page, ANA, part(1, "sending", file="refused", error=REFUSED))
    await given(page, ANA, part(1, "accepted", file="reading", error=REFUSED))
    _, shown = await page.get(address(ANA), **HTML)
    assert "partly undelivered: the file was refused (Media &lt;upload&gt; error)" in shown
    _, listed = await page.get("/desk?only=amiss", **HTML)
    assert (address(ANA) in listed, address(TOM) in listed) == (True, False)
    _, why = await page.get(address(ANA, "/why/r1"), **HTML)
    assert "partly undelivered: WhatsApp does not take its file (file_refused)" in why
    _, spanish = await page.get(address(ANA), **HTML, **{"accept-language": "es"})
    assert "entregado solo en parte: el archivo fue rechazado" in spanish


async def test_the_order_says_that_not_all_was_sent(page: Page, obeyed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_orders, "SENT_WITHIN", 30)
    await given(page, ANA, Message(id="a1", text="hello"))
    task = await obeyed(ANA, lambda order: replied("r1", order))
    ordering = asyncio.create_task(ordered(page, ANA, command="send", text="it is me"))
    await task
    await given(page, ANA, part(1, "accepted", file="reading", error=REFUSED), part(2, "accepted"))
    assert "Sent, but not all of it" in (await page.get((await ordering)[1], **HTML))[1]
