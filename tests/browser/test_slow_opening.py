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
from tests.console.given import address, given
from tests.console.ordering import orders as orders_of

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


async def test_back_and_forward_again(page: Page, window: Window) -> None:
    """The chat that the step back asked for comes late: it is not shown under the address of the other one."""
    late = await open_ana(page, window)
    late.goes_on.set()
    await window.get_by_role("link", name="Tom").click()
    await expect(window.locator("#conversation h1")).to_have_text("Tom")
    held = Late()
    await window.route(f"**{address(ANA)}", held)
    await window.evaluate("history.back()")
    await held.asked.wait()
    await window.evaluate("history.forward()")
    await window.wait_for_url(f"**{address(TOM)}")
    async with window.expect_event("requestfinished", lambda request: request.url.endswith(address(ANA))):
        held.goes_on.set()
    await window.evaluate("new Promise((done) => setTimeout(done, 300))")
    await expect(window.locator("#conversation h1")).to_have_text("Tom")
    assert window.url == page.address + address(TOM)


async def test_a_filter_while_a_chat_comes(page: Page, window: Window) -> None:
    """The filter is put beside the chat once that is there, and takes no chat from who clicked on it afterwards."""
    late = Late()
    await window.route(f"**{address(TOM)}", late)
    await window.goto(page.address + "/desk")
    await window.get_by_role("link", name="Tom").click()
    await late.asked.wait()
    await window.locator("#only-waiting").click()
    late.goes_on.set()
    await expect(window.locator(".title")).to_have_text("Chats: waiting for us")
    await expect(window.locator("#conversation h1")).to_have_text("Tom")
    assert window.url == f"{page.address}{address(TOM)}?list.only=waiting"


async def test_a_chat_and_a_filter_while_another_chat_comes(page: Page, window: Window) -> None:
    """The chat that was clicked on last is opened, also when the filter was clicked on before it."""
    late = await open_ana(page, window)
    await window.get_by_role("link", name="Tom").click()
    await late.asked.wait()
    held = Late()
    await window.route(f"**{address(ANA, '?around=1')}*", held)
    await window.locator("#only-waiting").click()
    await window.evaluate(
        "to => document.querySelector('#conversation').append(Object.assign(document.createElement('a'), to))",
        {"id": "again", "textContent": "again", "href": address(ANA, "?around=1")},
    )
    await window.locator("#again").click()
    await held.asked.wait()
    await late.until_answered(window)
    held.goes_on.set()
    await expect(window.locator(".title")).to_have_text("Chats: waiting for us")
    assert "around=1" in window.url
    assert "list.only=waiting" in window.url


async def test_a_list_that_is_older_than_a_message(page: Page, window: Window) -> None:
    """A message that came after the list was asked for stays on the page."""
    asked, goes_on = asyncio.Event(), asyncio.Event()

    async def old(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await goes_on.wait()
        await route.fulfill(response=answer)

    await window.goto(page.address + address(ANA))
    await window.route(f"**{address(ANA)}?list.only=waiting*", old)
    await window.locator("#only-waiting").click()
    await asked.wait()
    await given(page, ANA, Message(id="a2", text="are you there?"))
    last = window.locator("#lines .person .text").last
    await expect(last).to_have_text("are you there?")
    goes_on.set()
    await expect(window.locator(".title")).to_have_text("Chats: waiting for us")
    await expect(last).to_have_text("are you there?")
