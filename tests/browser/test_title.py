"""The title of the tab: how many chats wait for the user."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Page as Window
from playwright.async_api import expect

from events.inbound import Message
from tests.browser.in_place import open_chat
from tests.console.conftest import ANA, TOM, serve
from tests.console.given import address, given, reply

pytestmark = [pytest.mark.browser, pytest.mark.slow("a browser opens chats")]


async def test_the_title_counts_the_chats_that_wait(tmp_path: Path, window: Window) -> None:
    """It follows what comes and what is answered, in the list and in a chat that is opened there."""
    async with serve(tmp_path) as page:
        await given(page, ANA, Message(id="a1", text="hello", name="(2) Ana"))
        await window.goto(f"{page.address}/desk")
        await expect(window).to_have_title(re.compile(r"^\(1\) Chats"))
        await given(page, TOM, Message(id="t1", text="hello"))
        await expect(window).to_have_title(re.compile(r"^\(2\) Chats"), timeout=60_000)
        await window.click(f"#list .chats a[href^='{address(ANA)}']")
        await expect(window).to_have_title("(2) (2) Ana – recado", timeout=60_000)
        await given(page, TOM, reply(TOM, "r", "good day", "t1", author="operator"))
        await expect(window).to_have_title("(1) (2) Ana – recado", timeout=60_000)
        await given(page, ANA, reply(ANA, "r", "good day", "a1", author="operator"))
        await expect(window).to_have_title("(2) Ana – recado", timeout=60_000)


async def test_the_title_follows_where_no_list_is_shown(tmp_path: Path, window: Window) -> None:
    """On a phone a chat fills the screen; the number is asked for by itself."""
    async with serve(tmp_path) as page:
        await given(page, ANA, Message(id="a1", text="hello"))
        await window.set_viewport_size({"width": 390, "height": 844})
        await open_chat(page, window)
        await expect(window).to_have_title(re.compile(r"^\(1\) "))
        await given(page, TOM, Message(id="t1", text="hello"))
        await expect(window).to_have_title(re.compile(r"^\(2\) "), timeout=60_000)
