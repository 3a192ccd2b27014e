"""The page as a person uses it."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect


class Phone:
    """The open chat in a window."""

    def __init__(self, window: Page) -> None:
        self.window = window
        self.typing = window.locator("#typing")
        self.state = window.locator("#state")
        self.banner = window.locator("#banner")
        self.mine = window.locator(".line.mine")
        self.theirs = window.locator(".line.theirs")
        self.turns = window.locator(".turn")

    async def open(self, address: str) -> None:
        await self.window.goto(address)
        await expect(self.state).to_have_text("ready")

    async def write(self, text: str) -> None:
        await self.window.fill("#text", text)
        await self.window.press("#text", "Enter")

    async def pick_up(self, name: str) -> None:
        await self.window.get_by_role("button", name=name).click()

    def said(self, text: str) -> Locator:
        """The person's message."""
        return self.mine.filter(has_text=text)

    def replied(self, text: str) -> Locator:
        """A reply."""
        return self.theirs.filter(has_text=text)

    async def answered(self, text: str, reply: str) -> None:
        """The message has its reply, and its blue ticks."""
        await expect(self.replied(reply)).to_have_count(1)
        await expect(self.said(text)).to_have_attribute("data-tick", "taken")
