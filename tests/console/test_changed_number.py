"""The desk's address of a number that its person changed: it leads to the chat that goes on."""

from __future__ import annotations

from secrets import token_hex

import pytest

from console import orders as desk_orders
from events.inbound import Message
from events.joining import Joined
from events.subjects import ChatKey
from tests.console.conftest import Page
from tests.console.given import AT, HTML, address, given, reply
from tests.console.ordering import ordered, orders

OLD, NEW = ChatKey("shop", "5511999990001@s.whatsapp.net"), ChatKey("shop", "5521999990002@s.whatsapp.net")
NEXT = ChatKey("shop", "5511999990001~1790000000@s.whatsapp.net")

EVERY = [
    {"command": "pause", "minutes": ""},
    {"command": "send", "text": "It is Ana."},
    {"command": "block", "confirm": "yes"},
    {"command": "erase", "confirm": NEW.chat},
]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_orders, "OBEYED_WITHIN", 0.2)
    monkeypatch.setattr(desk_orders, "SENT_WITHIN", 0)


async def changed(page: Page) -> None:
    """The person wrote under both numbers, and then another one from the old number."""
    await given(page, OLD, Message(id="m1", text="the first words", name="Ana Lima"), reply(OLD, "r1", "hello", "m1"))
    await given(page, OLD, Joined(into=NEW.chat, at=AT, cause="join:1"), Joined(into=NEW.chat, at=AT, done=True))
    await given(page, NEW, Joined(from_=OLD.chat, at=AT, cause="join:1"))
    await given(page, NEW, Joined(from_=OLD.chat, at=AT, cause="joined:1", whole=True), Message(id="m2", text="again"))
    await given(page, NEXT, Message(id="s1", text="who are you?"))


@pytest.mark.parametrize("form", EVERY, ids=[form["command"] for form in EVERY])
async def test_an_order_on_the_page_of_the_old_number(page: Page, form: dict[str, str]) -> None:
    """A page that was open since before the change: the order is one for the person, and not for the next holder."""
    await changed(page)
    status, leads_to = await ordered(page, OLD, id=token_hex(8), **form)
    assert (status, leads_to) == (303, address(NEW))
    assert [control.command for control in await orders(page, NEW)] == [form["command"]]
    assert await orders(page, OLD) == await orders(page, NEXT) == []


async def test_the_page_of_the_old_number(page: Page) -> None:
    """It shows what both numbers wrote, and nothing of the next holder."""
    await changed(page)
    _, shown = await page.get(address(OLD), **HTML)
    assert "the first words" in shown
    assert "again" in shown
    _, shown = await page.get(address(NEW) + "?part=live", **HTML)
    assert "who are you?" not in shown
    _, shown = await page.get(address(NEXT) + "?part=live", **HTML)
    assert "who are you?" in shown
    assert "the first words" not in shown


async def test_the_person_stays_who_they_are(page: Page) -> None:
    """The name that they gave under the old number, and all that was written, until they give another name."""
    await changed(page)
    _, shown = await page.get(address(NEW), **HTML)
    assert "<title>Ana Lima – recado</title>" in shown
    assert "2 messages, 1 reply" in shown
    _, shown = await page.get(address(NEW, "/erase"), **HTML)
    assert "Erase everything of <bdi>Ana Lima</bdi>?" in shown
    assert "2 messages and 1 reply" in shown
    _, shown = await page.get("/desk?q=ana+lima", **HTML)
    assert address(NEW) in shown
    await given(page, NEW, Message(id="m3", text="hi", name="Ana Souza"))
    _, shown = await page.get(address(NEW), **HTML)
    assert "<title>Ana Souza – recado</title>" in shown
