"""Windows that are low, as a page at 200 % is, or narrow, as a phone is: what one needs first is in sight."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page as Window
from playwright.async_api import expect

from events.inbound import Message
from events.subjects import ChatKey
from events.teamwork import Labelled
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import AT, address, given

pytestmark = [pytest.mark.browser, pytest.mark.slow("a browser opens the desk")]

MANY = 300
PHONE = {"width": 390, "height": 844}


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """A long chat, another one, and chats that have many labels together."""
    async with serve(tmp_path) as served:
        await given(served, TOM, Message(id="t1", text="hello"))
        await given(served, ANA, *(Message(id=f"a{number}", text=f"message {number}") for number in range(40)))
        for at in range(0, MANY, 20):
            key = ChatKey("local", f"1555{at:07}@s.whatsapp.net")
            labels = tuple(f"label {number:03}" for number in range(at, at + 20))
            await given(served, key, Message(id="l", text="hi"), Labelled(add=labels, at=AT, by="page", cause=f"l{at}"))
        yield served


async def test_the_head_in_a_low_window(page: Page, window: Window) -> None:
    """Whom one writes to, and the ways to the list and to the person, stay in sight at the end of the messages."""
    await window.set_viewport_size({"width": 680, "height": 430})
    await window.goto(page.address + address(ANA))
    await expect(window.locator("#lines .text").last).to_be_in_viewport()
    for name in ("#with", ".to-list", ".to-person"):
        await expect(window.locator(name)).to_be_in_viewport()


async def test_many_labels(page: Page, window: Window) -> None:
    """They take no more room than some lines: the chats of the one that is chosen are in sight."""
    await window.set_viewport_size(PHONE)
    await window.goto(f"{page.address}/desk?label=label+005")
    await expect(window.locator(".narrow .labels a")).to_have_count(MANY + 1)
    await expect(window.locator("#list .chats a")).to_be_in_viewport()
