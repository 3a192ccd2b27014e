"""The bus goes away while recado itself still answers: the desk says so, and takes it back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from playwright.async_api import Page as Window

from events.inbound import Message
from events.phrases import Phrase
from tests.chaos.process import Recado, recado
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import address, given
from tests.nats_server import NatsServer
from tests.system.service import service_of

pytestmark = pytest.mark.browser

AWAY = "recado answers, but its bus does not."
NOT_SENT = "Not sent: the bus of recado does not answer."


@pytest.fixture
async def up(tmp_path: Path, nats_server: NatsServer) -> AsyncIterator[Recado]:
    """An instance with a chat, on a bus of its own."""
    with recado(tmp_path / "recado", NATS_URL=nats_server.url) as process:
        await process.started()
        async with service_of(nats_server, process) as service:
            await service.outsider.write(ANA, "a1", "hello")
            ending = await service.log.ended(ANA, "a1")
            await process.has_read(ending.seq)
        yield process


@pytest.mark.slow("a bus dies under a real instance, and comes back")
async def test_the_bus_dies_and_comes_back(
    up: Recado, nats_server: NatsServer, window: Window, browser: Browser
) -> None:
    """The open chat and the list say it by themselves, a page without script when it is loaded. Typed words are kept,
    is not sent meanwhile, and can be sent once the banner is gone."""
    page = (await up.said("started"))["page"]
    await window.goto(page + address(ANA))
    await expect(window.locator("#lines .person .text")).to_have_text("hello")
    await window.fill("#text", "half a sentence")
    beside = await window.context.new_page()
    await beside.goto(f"{page}/desk")
    plain = await browser.new_context(java_script_enabled=False)
    unscripted = await plain.new_page()
    nats_server.kill()
    try:
        for one in (window, beside):
            await expect(one.locator("#lost")).to_contain_text(AWAY, timeout=60_000)
            await expect(one.locator("#trouble")).to_be_hidden()
        await unscripted.goto(f"{page}/desk")
        await expect(unscripted.get_by_role("alert")).to_contain_text(AWAY)
        await unscripted.goto(page + address(ANA))
        await expect(unscripted.get_by_role("alert")).to_contain_text(AWAY)
        await window.press("#text", "Enter")
        await expect(window.locator("#lost")).to_contain_text(NOT_SENT)
        await expect(window.locator("#text")).to_have_value("half a sentence")
        await window.reload()
        await expect(window.locator("#lost")).to_contain_text(AWAY)
        await expect(window.locator("#text")).to_have_value("half a sentence")
    finally:
        nats_server.start()
    for one in (window, beside):
        await expect(one.locator("#lost")).to_be_empty(timeout=60_000)
    await window.press("#text", "Enter")
    await expect(window.locator("#lines .operator .text")).to_have_text("half a sentence", timeout=60_000)
    await unscripted.reload()
    await expect(unscripted.locator("#trouble")).to_be_hidden()
    await plain.close()


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with serve(tmp_path) as served:
        await given(served, TOM, Message(id="t1", text="hello from Tom", name="Tom"))
        await given(served, ANA, Message(id="a1", text="hello"))
        yield served


async def test_other_troubles_come_and_go(page: Page, window: Window) -> None:
    """They stand on their line while they last; orders are given all the same."""
    await window.goto(page.address + address(ANA))
    await expect(window.locator("#trouble")).to_be_hidden()
    page.troubles.append(Phrase("the projection cannot be written: see the log, and whether the disk is full"))  # type: ignore[arg-type]
    await expect(window.locator("#trouble")).to_contain_text("recado takes no work now: the projection")
    await expect(window.locator("#lost")).to_be_empty()
    page.troubles.clear()
    await expect(window.locator("#trouble")).to_be_hidden()


async def test_a_page_that_asks_for_nothing_by_itself(page: Page, window: Window) -> None:
    """An earlier place of a chat beside a search: what the user does next finds the bus away, and back again."""
    await window.goto(page.address + address(ANA, "?around=1&list.q=hello"))
    await window.fill("#text", "half a sentence")
    page.has_bus = False
    await window.locator("#order-reset").click()
    await expect(window.locator("#asked #lost")).to_contain_text(AWAY)
    await window.keyboard.press("Escape")
    await window.press("#text", "Enter")
    await expect(window.locator("#lost")).to_contain_text(NOT_SENT)
    page.has_bus = True
    await window.press("#text", "Enter")
    await expect(window.locator("#lost")).to_be_empty()
    await window.press("#text", "Enter")
    await expect(window.locator("#told .told")).to_contain_text("The order is stored")
