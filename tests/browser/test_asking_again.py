"""An open page seldom asks a server that has nothing new to say."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page as Window
from playwright.async_api import Request, Route, expect

from events.inbound import Message
from tests.console.conftest import ANA, Page, serve
from tests.console.given import address, given

pytestmark = [pytest.mark.browser, pytest.mark.slow("a browser's clock goes on for half a minute, step by step")]

LIVE = re.compile(r"part=live")


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with serve(tmp_path) as served:
        await given(served, ANA, Message(id="a1", text="hello"))
        yield served


async def test_a_server_that_is_behind(page: Page, window: Window) -> None:
    """The wait doubles; news is asked for soon again."""
    await window.clock.install()
    asked = 0
    is_behind = True

    async def behind(route: Route) -> None:
        nonlocal asked
        asked += 1
        answer = await route.fetch()
        body = await answer.text()
        await route.fulfill(
            response=answer, body=re.sub(r'data-upto="\d+"', 'data-upto="0"', body) if is_behind else body
        )

    async def step(ms: int) -> None:
        for _ in range(ms // 600):
            await window.clock.run_for(600)
            await asyncio.sleep(0.1)  # real time in which an answer can come; fewer are asked for if it is late

    await window.goto(page.address + address(ANA))
    await expect(window.locator("#lines .text")).to_have_text("hello")
    await window.route(LIVE, behind)
    await given(page, ANA, Message(id="a2", text="again"))
    await expect(window.locator("#lines .text").last).to_have_text("again")
    await step(24_000)
    assert 2 <= asked <= 12
    is_behind = False
    await given(page, ANA, Message(id="a3", text="and again"))
    await expect(window.locator("#lines .text").last).to_have_text("and again")
    await step(1200)
    before = asked
    await step(6000)
    assert asked == before


async def test_the_session_has_ended(window: Window, tmp_path: Path) -> None:
    """Nothing is asked for until the tab is seen again; with a session the page then goes on by itself."""
    async with serve(tmp_path, password="correct-horse") as page:
        await given(page, ANA, Message(id="a1", text="hello"))
        await window.goto(page.address + address(ANA))
        await window.fill("input[type=password]", "correct-horse")
        await window.press("input[type=password]", "Enter")
        await window.wait_for_url("**/desk**")
        await window.clock.install()
        await window.goto(page.address + address(ANA))
        await expect(window.locator("#lines .text")).to_have_text("hello")
        cookies = await window.context.cookies()
        await window.context.clear_cookies()
        async with asyncio.timeout(60):
            while not await window.locator("#lost").get_by_text("You are logged out").count():
                await given(page, ANA, Message(id="a2", text="are you there?"))
                await asyncio.sleep(0.2)
        await asyncio.sleep(1)  # what was asked for before is answered
        asked: list[str] = []

        def note(request: Request) -> None:
            if "part=" in request.url or "/stream" in request.url:
                asked.append(request.url)

        window.on("request", note)
        for _ in range(20):
            await window.clock.run_for(3000)
            await asyncio.sleep(0.05)  # real time in which a request would be seen
        assert asked == []
        await window.context.add_cookies([dict(one) for one in cookies])  # type: ignore[misc]
        await window.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await expect(window.locator("#lost")).to_be_hidden()
        await window.clock.run_for(6000)
        await given(page, ANA, Message(id="a3", text="here I am"))
        await expect(window.locator("#lines .text").last).to_have_text("here I am")
