"""Two users in one browser: a page that stays open while another user logs in beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page as Window
from playwright.async_api import expect

from console import orders
from events.inbound import Message
from tests.console.conftest import ANA, TOM, Page
from tests.console.given import address, given
from tests.console.ordering import orders as orders_of
from tests.console.people import cookie, peopled, user

pytestmark = pytest.mark.browser

ADA, BEA = user("ada"), user("bea")


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Page]:
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.1)
    async with peopled(tmp_path, ADA, BEA) as (served, _):
        await given(served, ANA, Message(id="a1", text="hello"))
        await given(served, TOM, Message(id="t1", text="hello from Tom", name="Tom"))
        yield served


async def log_in(window: Window, page: Page, name: str) -> None:
    """The browser has the session of this user from now on."""
    key, _, value = cookie(page, {"ada": ADA, "bea": BEA}[name])["Cookie"].partition("=")
    await window.context.add_cookies([{"name": key, "value": value, "url": page.address}])


async def test_a_page_of_another_user(page: Page, window: Window) -> None:
    """It says so, takes no order, opens no chat and offers to be loaded again; its words are for its user alone."""
    await log_in(window, page, "ada")
    await window.goto(page.address + address(ANA, "#text"))
    await window.fill("#text", "between us")
    await window.fill("#note-text", "a note of ada")
    await log_in(window, page, "bea")
    lost = window.locator("#lost")
    await window.locator("#order-note button").click()
    await expect(lost).to_contain_text("bea has logged in here, and this page is of ada")
    await window.press("#text", "Enter")
    async with window.expect_response(lambda answer: urlsplit(answer.url).path == address(TOM)) as answering:
        await window.get_by_role("link", name="Tom").click()
    assert (await answering.value).status == 409
    await expect(window.locator("#text")).to_have_value("between us")
    assert await orders_of(page, ANA) == []
    await lost.get_by_role("link", name="Load the page again").click()
    await expect(window.locator(".me")).to_have_text("bea")
    await expect(window.locator("#text")).to_have_value("")
    await expect(window.locator("#note-text")).to_have_value("")
    await expect(lost).to_be_empty()
    await window.fill("#text", "of bea")
    await log_in(window, page, "ada")
    await window.reload()
    await expect(window.locator("#text")).to_have_value("between us")
    await expect(window.locator("#note-text")).to_have_value("a note of ada")
    await window.press("#text", "Enter")
    await expect(window.locator("#told .told")).to_be_visible()
    assert [(one.by, one.text) for one in await orders_of(page, ANA)] == [("ada", "between us")]


async def test_its_user_comes_back(page: Page, window: Window) -> None:
    """A page that is seen again asks once more, and goes on."""
    await log_in(window, page, "ada")
    await window.goto(page.address + address(ANA))
    await log_in(window, page, "bea")
    await expect(window.locator("#lost")).to_contain_text("bea has logged in here", timeout=60_000)
    await log_in(window, page, "ada")
    await window.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(window.locator("#lost")).to_be_empty()
    await given(page, ANA, Message(id="a2", text="are you there?"))
    await expect(window.locator("#lines .person .text").last).to_have_text("are you there?")


async def test_nothing_is_told_after_the_session(page: Page, window: Window) -> None:
    """A page that knows that its session is over no longer says who looks at a chat."""
    await window.clock.install()
    await log_in(window, page, "ada")
    await window.goto(page.address + address(ANA))
    await window.context.clear_cookies()
    await window.clock.fast_forward(4_000)
    await expect(window.locator("#lost")).to_contain_text("You are logged out")
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    for _ in range(3):
        await window.clock.fast_forward(11_000)
    assert asked == []
