"""Orders of the desk over real HTTP: each goes through the log, and its outcome is said."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from console import orders as desk_orders
from events.decisions import Erased, Ignored, Paused
from events.inbound import Message, Receipt
from events.subjects import ChatKey
from tests.console.conftest import ANA, TOM, Page
from tests.console.given import AT, HTML, address, given
from tests.console.ordering import obeyed, ordered, orders, replied

__all__ = ["obeyed"]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"command": "pause", "minutes": "30"}, "pause"),
        ({"command": "pause", "minutes": ""}, "pause"),
        ({"command": "resume"}, "resume"),
        ({"command": "reset", "confirm": "yes"}, "reset"),
        ({"command": "approve"}, "approve"),
        ({"command": "block", "confirm": "yes"}, "block"),
        ({"command": "retry"}, "retry"),
        ({"command": "send", "text": "one\r\ntwo"}, "send"),
        ({"command": "erase", "confirm": "+12025550143"}, "erase"),
        ({"command": "erase", "confirm": "12025550143"}, "erase"),
        ({"command": "erase", "confirm": " +1 (202) 555-0143 "}, "erase"),
        ({"command": "erase", "confirm": "1.202.555\u20110143"}, "erase"),
        ({"command": "erase", "confirm": ANA.chat}, "erase"),
    ],
)
async def test_orders_go_through_the_log(
    page: Page, monkeypatch: pytest.MonkeyPatch, form: dict[str, str], expected: str
) -> None:
    """Each is an order of the page's, of any account's chat; nobody has obeyed it here, and the page says so."""
    monkeypatch.setattr(desk_orders, "OBEYED_WITHIN", 0.1)
    await given(page, ANA, Message(id="a1", text="hello"))
    status, to = await ordered(page, ANA, **form)
    assert (status, to) == (303, address(ANA))
    (control,) = await orders(page, ANA)
    assert (control.command, control.by, control.text) == (expected, "page", form.get("text") and "one\ntwo")
    assert (control.until is not None) == bool(form.get("minutes"))
    assert "No instance has obeyed it yet" in (await page.get(to, **HTML))[1]


async def test_the_outcome_of_an_order_is_said(page: Page, obeyed: Any) -> None:
    """Done, or not, and why."""
    await given(page, ANA, Message(id="a1", text="hello"))
    task = await obeyed(ANA, lambda control: Paused(until=None, at=AT, cause=control.id))
    _, to = await ordered(page, ANA, command="pause", minutes="")
    await task
    shown = (await page.get(to, **HTML))[1]
    assert "Paused." in shown
    assert "until it is resumed" in shown
    task = await obeyed(ANA, lambda control: Ignored(messages=(), reason="nothing_to_retry", at=AT, cause=control.id))
    status, shown = await ordered(page, ANA, command="retry")
    await task
    assert (status, "Not done: no failed turn has these messages" in shown) == (409, True)


async def test_a_reply_is_sent_once_a_gateway_says_so(page: Page, obeyed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a receipt the page says that it is stored; with one, that it is sent, or that it is not."""
    await given(page, ANA, Message(id="a1", text="hello"))
    for number, (state, told) in enumerate(
        ((None, "stored, not sent yet"), ("accepted", "Sent. The bot is paused here"), ("failed", "Not sent: its"))
    ):
        monkeypatch.setattr(desk_orders, "SENT_WITHIN", 30 if state else 0)
        id_ = f"c{number}.r"
        task = await obeyed(ANA, lambda _, id_=id_: replied(id_, _))
        ordering = asyncio.create_task(ordered(page, ANA, command="send", text="it is me"))
        await task
        if state is not None:
            await given(page, ANA, Receipt(id=f"x{number}", reply=id_, state=state))
        assert told in (await page.get((await ordering)[1], **HTML))[1]


@pytest.mark.parametrize("command", ["pause", "send", "approve", "erase"])
async def test_a_chat_that_does_not_exist_is_not_begun(page: Page, command: str) -> None:
    """Its address is refused, and nothing is stored, also where the person is known in another account."""
    await given(page, ANA, Message(id="a1", text="hello"))
    for key in (TOM, ChatKey("shop", ANA.chat)):
        form = {"command": command, "text": "hello", "confirm": key.chat}
        assert (await ordered(page, key, **form))[0] == 404
        assert await orders(page, key) == []


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"command": "dance"}, 400),
        ({}, 400),
        ({"command": "send", "text": "  "}, 400),
        ({"command": "pause", "minutes": "many"}, 400),
        ({"command": "erase", "confirm": "yes"}, 400),
        ({"command": "erase"}, 400),
        ({"command": "erase", "confirm": "+1 (202) 555-014"}, 400),
        ({"command": "erase", "confirm": "202 555 0143"}, 400),
        ({"command": "block"}, 400),
        ({"command": "reset", "confirm": "no"}, 400),
    ],
)
async def test_orders_that_make_no_sense(page: Page, form: dict[str, str], status: int) -> None:
    """Nothing is stored, and the page says what is wrong."""
    await given(page, ANA, Message(id="a1", text="hello"))
    assert (await ordered(page, ANA, **form))[0] == status
    assert await orders(page, ANA) == []


async def test_another_site_cannot_order_anything(page: Page) -> None:
    """Its form comes with its own Origin; without any it is no browser's."""
    await given(page, ANA, Message(id="a1", text="hello"))
    for headers in ({"Origin": "http://example.com"}, {"Origin": "null"}, {}):
        async with page.session.post(
            page.address + address(ANA, "/orders"), data={"command": "block"}, headers=headers
        ) as response:
            assert response.status == 403
    assert await orders(page, ANA) == []


async def test_erasing_is_confirmed(page: Page) -> None:
    """The question says what goes, and a wrong name erases nothing."""
    await given(page, ANA, Message(id="a1", text="hello", name="Ana Lima"))
    _, question = await page.get(address(ANA, "/erase"), **HTML)
    assert "Erase everything of <bdi>Ana Lima</bdi>?" in question
    assert "goes: 1 message and 0 replies, in the log" in question
    assert "Nothing was erased" in (await ordered(page, ANA, command="erase", confirm="+1"))[1]
    await given(page, ANA, Erased(upto=1, at=AT), Erased(upto=1, at=AT, done=True))
    status, shown = await page.get(address(ANA, "?list.only=human"), **HTML)
    assert status == 410
    assert re.search("<h1[^>]*>This chat was erased</h1>", shown)
    assert 'href="/desk?only=human">To the chats' in shown
    assert "Ana Lima" not in shown


@pytest.mark.parametrize("stays", [{"admission": "blocked"}, {"stopped": True}])
async def test_an_erased_chat_of_which_something_holds(page: Page, stays: dict[str, Any]) -> None:
    """Its page says so and what holds, takes no words, and lets the person in again; the list says it too."""
    await given(page, ANA, Message(id="a1", text="hello", name="Ana Lima"))
    await given(page, ANA, Erased(upto=1, at=AT, **stays), Erased(upto=1, at=AT, done=True))
    status, shown = await page.get(address(ANA), **HTML)
    assert status == 200
    assert ">This chat was erased</h2>" in shown
    assert "Ana Lima" not in shown
    assert 'id="write"' not in shown
    assert ("Blocked</li>" in shown, "Wants no answers" in shown) == ("admission" in stays, "stopped" in stays)
    assert ('id="order-approve"' in shown) == ("admission" in stays)
    assert "<em>erased</em>" in (await page.get("/desk", **HTML))[1]
    if "admission" in stays:
        await ordered(page, ANA, command="approve")
        assert [one.command for one in await orders(page, ANA)] == ["approve"]
    await given(page, ANA, Message(id="a2", text="it is me again"))
    assert "was erased" not in (await page.get(address(ANA), **HTML))[1]
