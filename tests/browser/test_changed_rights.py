"""What an open page shows after its user's session or rights have ended elsewhere."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page as Window
from playwright.async_api import expect

from console.app import STATIC
from events.inbound import Message
from events.memory_users import MemoryUsers
from tests.console.conftest import ANA, Page
from tests.console.given import address, given
from tests.console.people import cookie, peopled, put, removed, user

pytestmark = pytest.mark.browser

ADA, BEA = user("ada"), user("bea")
CHANGED = "What you may see and do here has changed."


@pytest.fixture
async def desk(tmp_path: Path, window: Window) -> AsyncIterator[tuple[Page, MemoryUsers]]:
    """Ada has a chat open."""
    async with peopled(tmp_path, ADA, BEA) as (page, book):
        await given(page, ANA, Message(id="a1", text="hello"))
        await log_in(window, page, "ada")
        await window.goto(page.address + address(ANA))
        await window.fill("#text", "half a sentence")
        yield page, book


async def log_in(window: Window, page: Page, name: str) -> None:
    """The browser has a session of this user from now on."""
    key, _, value = cookie(page, {"ada": ADA, "bea": BEA}[name])["Cookie"].partition("=")
    await window.context.add_cookies([{"name": key, "value": value, "url": page.address}])


async def test_another_role(desk: tuple[Page, MemoryUsers], window: Window) -> None:
    """The banner tells it, and leads to the page as it is now."""
    page, book = desk
    await put(page, book, msgspec.structs.replace(ADA, role="viewer"))
    await expect(window.locator("#lost")).to_contain_text(CHANGED)
    await expect(window.locator("#text")).to_have_value("half a sentence")
    await window.locator("#lost").get_by_role("link", name="Load the page again").click()
    await expect(window.locator("#lines .text")).to_have_text("hello")
    await expect(window.locator("#lost")).to_be_empty()
    await expect(window.locator("#text")).to_have_count(0)
    await put(page, book, ADA)
    await expect(window.locator("#lost")).to_contain_text(CHANGED)
    await window.reload()
    await expect(window.locator("#text")).to_have_value("half a sentence")


async def test_other_accounts(desk: tuple[Page, MemoryUsers], window: Window) -> None:
    """The chat that its user may not see any more leaves the page."""
    page, book = desk
    await put(page, book, msgspec.structs.replace(ADA, accounts=("shop",)))
    await expect(window.locator("#lost")).to_contain_text(CHANGED)
    await expect(window.locator("#lines")).to_have_count(0)
    await expect(window.locator("#conversation .nothing")).to_contain_text("There is no such page.")


async def test_a_user_who_was_removed(desk: tuple[Page, MemoryUsers], window: Window) -> None:
    page, book = desk
    await removed(page, book, "ada")
    await expect(window.locator("#lost")).to_contain_text("You are logged out. What you type is kept.")
    await expect(window.locator("#text")).to_have_value("half a sentence")


async def test_a_stream_that_another_users_cookie_asks_for(desk: tuple[Page, MemoryUsers], window: Window) -> None:
    """Ada's session ends, and Bea has logged in beside it: nothing of her stream comes to the page, though nothing else
    of the page asks."""
    page, book = desk
    await window.route("**/*part=*", lambda route: route.abort())
    await log_in(window, page, "bea")
    async with window.expect_response(lambda answer: "/stream" in answer.url) as answering:
        await put(page, book, msgspec.structs.replace(ADA, logins="1" * 16))
    assert (await answering.value).status == 409
    await window.unroute("**/*part=*")
    await expect(window.locator("#lost")).to_contain_text("bea has logged in here, and this page is of ada")


async def test_the_phones_of_another_user(desk: tuple[Page, MemoryUsers], window: Window) -> None:
    """Their page says whose it is, and shows nothing more."""
    page, book = desk
    await window.goto(page.address + "/")
    await expect(window.locator("#state")).to_have_text("ready")
    await log_in(window, page, "bea")
    await put(page, book, msgspec.structs.replace(ADA, logins="1" * 16))
    await expect(window.locator("#trouble")).to_contain_text("bea has logged in here, and this page is of ada")
    await given(page, ANA, Message(id="a2", text="are you there?"))
    await expect(window.locator("#lines")).not_to_contain_text("are you there?")


def test_every_stream_says_for_whom_it_is() -> None:
    """There is one place in the scripts that opens one."""
    places = [file.name for file in STATIC.glob("*.js") if re.search(r"new EventSource\b", file.read_text())]
    assert places == ["whose.js"]
