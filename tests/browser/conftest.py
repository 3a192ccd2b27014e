"""Headless Chromium, and the page of a real recado in it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

expect.set_options(timeout=30_000)  # ms; the machine may do much else

CHROMIUM = Path("/usr/bin/chromium")

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
"""Runs as root in a container, and asks nobody on the network for anything; its microphone beeps, for every page."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[str]:
    """The address of Debian's Chromium, which all tests of this process share: it takes seconds to start. Playwright's
    own download is not needed."""
    assert CHROMIUM.exists(), f"{CHROMIUM} is missing: apt-get install chromium"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started, loop, done = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def hold() -> None:
        async with async_playwright() as playwright:
            arguments = [*QUIET, f"--remote-debugging-port={port}"]
            launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
            started.set()
            await done.wait()
            await launched.close()

    # Each test has a loop of its own, and Playwright's objects belong to one: the browser has this one.
    thread = threading.Thread(target=lambda: loop.run_until_complete(hold()))
    thread.start()
    try:
        assert started.wait(120), "Chromium does not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """The browser without the windows of earlier tests."""
    async with async_playwright() as playwright:
        connected = await playwright.chromium.connect_over_cdp(chromium)
        yield connected
        for context in connected.contexts[1:]:
            await context.close()
        await connected.close()


@pytest.fixture
async def window(browser: Browser) -> AsyncIterator[Page]:
    """An empty window; whatever its scripts complain of fails the test."""
    context = await browser.new_context(viewport={"width": 1360, "height": 860}, locale="en-GB")
    context.set_default_timeout(20_000)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message.text) else None)
    yield page
    await context.close()
    assert not complaints


def _is_complaint(text: str) -> bool:
    return "Content Security Policy" in text or "Uncaught" in text
