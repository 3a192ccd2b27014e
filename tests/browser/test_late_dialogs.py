"""Answers that come late, or not at all, while a dialog of the inbox is asked for, open, or closed again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page as Window
from playwright.async_api import Route, expect

from console import orders
from events.inbound import Message
from tests.browser.in_place import open_chat
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import address, given
from tests.console.ordering import orders as orders_of
from tests.console.test_template import Told

pytestmark = pytest.mark.browser


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Page]:
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.2)
    async with serve(tmp_path) as served:
        object.__setattr__(served.deps, "templates", Told())
        await given(served, TOM, Message(id="t1", text="hello from Tom", name="Tom"))
        await given(served, ANA, Message(id="a1", text="hello"))
        yield served


class Held:
    """Answers that are held back until `goes_on`."""

    def __init__(self) -> None:
        self.asked, self.goes_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, route: Route) -> None:
        answer = await route.fetch()
        self.asked.set()
        await self.goes_on.wait()
        await route.fulfill(response=answer)


async def open_template(window: Window, name: str) -> None:
    await window.evaluate(
        "to => document.querySelector('.answer').append(Object.assign(document.createElement('a'), to))",
        {"id": "t", "textContent": "t", "href": address(ANA, f"/template?ref={name}")},
    )
    await window.locator("#t").click()
    await expect(window.locator("#asked h2")).to_be_visible()


async def test_another_chat_is_opened_before_the_question_comes(page: Page, window: Window) -> None:
    """Nobody is asked to erase a chat that is not on the page any more."""
    held = Held()
    await open_chat(page, window)
    await window.route(f"**{address(ANA, '/erase')}", held)
    await window.locator("#order-erase").click()
    await held.asked.wait()
    await window.get_by_role("link", name="Tom").click()
    await expect(window.locator("#conversation h1")).to_have_text("Tom")
    async with window.expect_event("requestfinished", lambda request: request.url.endswith("/erase")):
        held.goes_on.set()
    await window.evaluate("new Promise((done) => setTimeout(done, 300))")
    await expect(window.locator("#asked")).to_be_hidden()


async def test_a_template_that_is_refused_after_its_dialog_was_closed(page: Page, window: Window) -> None:
    """The chat tells the fault."""
    held = Held()
    await open_chat(page, window)
    await open_template(window, "order_ready:pt_BR")
    await window.route(f"**{address(ANA, '/template')}", held)
    await window.locator("#asked").get_by_role("button", name="Send the template").click()
    await held.asked.wait()
    await window.keyboard.press("Escape")
    held.goes_on.set()
    await expect(window.locator("#told [role=alert]")).to_have_text("+12025550143: Some values are missing.")
    assert await orders_of(page, ANA) == []


async def test_the_banner_while_a_dialog_is_open(page: Page, window: Window) -> None:
    """It is read in the dialog, which covers the rest of the page, and stays on the page afterwards."""
    await open_chat(page, window)
    await open_template(window, "hello:en")
    await window.context.set_offline(True)
    await expect(window.locator("#asked #lost")).to_contain_text("recado cannot be reached")
    await window.locator("#asked").get_by_role("button", name="Send the template").click()
    await expect(window.locator("#asked #lost")).to_contain_text("Not sent")
    await window.keyboard.press("Escape")
    await expect(window.locator("body > #lost")).to_contain_text("Not sent")
    await window.context.set_offline(False)
    await expect(window.locator("#lost")).to_be_empty()


async def test_an_order_of_a_dialog_whose_answer_is_lost(page: Page, window: Window) -> None:
    """The button can be pressed again at once, and counts once."""
    await open_chat(page, window)
    await open_template(window, "hello:en")

    async def lost(route: Route) -> None:
        await route.fetch()
        await route.abort()

    sends = window.locator("#asked").get_by_role("button", name="Send the template")
    await window.route(f"**{address(ANA, '/template')}", lost)
    await sends.click()
    await expect(window.locator("#asked-told [role=alert]")).to_contain_text("The connection was lost")
    await window.unroute(f"**{address(ANA, '/template')}")
    await sends.click()
    await expect(window.locator("#told .told")).to_contain_text("The order is stored")
    assert len(await orders_of(page, ANA)) == 1


async def test_a_form_that_is_longer_than_browsers_keep_alive(page: Page, window: Window) -> None:
    """It is sent all the same."""
    await open_chat(page, window)
    answer = await window.evaluate(
        """async (address) => {
            const { post } = await import("/static/pages.js");
            const got = await post(address, new URLSearchParams({ long: "x".repeat(70_000) }));
            return got && got.answer.status;
        }""",
        address(ANA, "/template"),
    )
    assert answer is not None
