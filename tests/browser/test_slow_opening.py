"""A chat that is asked for and comes late, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page as Window
from playwright.async_api import Route, expect

from events.inbound import Message
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.test_desk import address, given
from tests.console.test_desk import orders as orders_of

pytestmark = pytest.mark.browser


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with serve(tmp_path) as served:
        await given(served, TOM, Message(id="t1", text="hello from Tom", name="Tom"))
        await given(served, ANA, Message(id="a1", text="hello"))
        yield served


class Late:
    """Answers for the chat of Tom that are held back until `goes_on`."""

    def __init__(self) -> None:
        self.asked, self.goes_on, self.answered = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def __call__(self, route: Route) -> None:
        self.asked.set()
        await self.goes_on.wait()
        await route.continue_()

    async def until_answered(self, window: Window) -> None:
        async with window.expect_event("requestfinished", lambda request: address(TOM) in request.url):
            self.goes_on.set()


async def open_ana(page: Page, window: Window) -> Late:
    late = Late()
    await window.goto(page.address + address(ANA))
    await window.route(f"**{address(TOM)}", late)
    return late


async def test_words_that_are_typed_meanwhile(page: Page, window: Window) -> None:
    """The chat that was clicked on does not take the page from who types in the present one; that is told."""
    late = await open_ana(page, window)
    await window.get_by_role("link", name="Tom").click()
    await late.asked.wait()
    await expect(window.locator("#told")).to_contain_text("Opening Tom")
    await window.locator("#text").press_sequentially("for Ana")
    await expect(window.locator("#told [role=alert]")).to_have_text("Tom was not opened, because you are writing here.")
    await late.until_answered(window)
    await expect(window.locator("#text")).to_have_value("for Ana")
    await expect(window.locator("#text")).to_be_focused()
    assert window.url == page.address + address(ANA)
    await window.get_by_role("link", name="Tom").click()
    await expect(window.locator("#conversation h1")).to_have_text("Tom")
    await expect(window.locator("#text")).to_have_value("")


async def test_a_step_back(page: Page, window: Window) -> None:
    """That fails: it is told, and the address stays that of the chat on the page."""
    late = await open_ana(page, window)
    late.goes_on.set()
    await window.get_by_role("link", name="Tom").click()
    await expect(window.locator("#conversation h1")).to_have_text("Tom")

    async def away(route: Route) -> None:
        await route.abort()

    await window.route(f"**{address(ANA)}", away)
    await window.evaluate("history.back()")
    told = window.locator("#told [role=alert]")
    await expect(told).to_contain_text("was not opened: recado cannot be reached")
    assert window.url == page.address + address(TOM)
    await expect(window.locator("#conversation h1")).to_have_text("Tom")


async def test_keys_before_the_chat_is_there(page: Page, window: Window) -> None:
    """j, r and words at once: no letter is an order or a word of the chat before, and the answer has the focus."""
    late = await open_ana(page, window)
    for key in ("j", "r", "e", "a"):
        await window.keyboard.press(key)
    await late.asked.wait()
    await late.until_answered(window)
    await expect(window.locator("#conversation h1")).to_have_text("Tom")
    await expect(window.locator("#text")).to_be_focused()
    await window.keyboard.type("hello")
    await expect(window.locator("#text")).to_have_value("hello")
    assert await orders_of(page, TOM) == await orders_of(page, ANA) == []
