"""A chat that is open in a window, and whether its page and its place stay."""

from __future__ import annotations

from playwright.async_api import Locator
from playwright.async_api import Page as Window

from tests.console.conftest import ANA, Page
from tests.console.given import address


async def open_chat(page: Page, window: Window, path: str = "") -> None:
    await window.goto(page.address + address(ANA, path))
    await window.evaluate("window.same = true")


async def line_in_view(window: Window) -> tuple[Locator, int]:
    """Bring a message into view: its line, and the line's place."""
    line = window.locator("#lines .person", has_text="message 40")
    await line.evaluate("line => line.scrollIntoView({ block: 'center' })")
    return line, await top_of(line)


async def top_of(line: Locator) -> int:
    """The place of a line on the screen, in pixels from above."""
    return int(await line.evaluate("line => Math.round(line.getBoundingClientRect().top)"))


async def is_same(window: Window) -> bool:
    return bool(await window.evaluate("window.same === true"))
