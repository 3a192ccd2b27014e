"""What the page says of an order is of the last one, and of all that the user chose."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page as Window
from playwright.async_api import expect

from console import orders
from events.inbound import Message
from events.memory_log import MemoryLog
from tests import sample_files as samples
from tests.browser.test_composer import file, sent, until_sent
from tests.console.conftest import Page, serve
from tests.console.given import address
from tests.console.given import given as happened
from tests.console.stored import Stores
from tests.gateways.cloud.gateway import ANA

pytestmark = pytest.mark.browser

GIF = samples.picture("GIF")


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Page]:
    """The desk over a log in memory; no instance obeys."""
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.1)
    async with serve(tmp_path, MemoryLog()) as served:
        object.__setattr__(served.deps, "files", Stores())
        await happened(served, ANA, Message(id="a1", text="Is the cake ready?"))
        yield served


async def test_the_outcome_of_an_earlier_order(page: Page, window: Window) -> None:
    """It is no longer on the page when the next order is refused."""
    await window.goto(page.address + address(ANA))
    await window.fill("#text", "Yes")
    await window.press("#text", "Enter")
    await expect(window.locator("#told .told")).to_contain_text("stored")
    await window.set_input_files("#files", [file(GIF, "moving.gif")])
    await window.fill("#text", "Here it is")
    await window.press("#text", "Enter")
    await expect(window.locator("#wrong-files")).to_contain_text("it is a GIF")
    await expect(window.locator("#told")).to_be_empty()


async def test_an_empty_file(page: Page, window: Window) -> None:
    """It is refused, and the words do not go without it."""
    await window.goto(page.address + address(ANA))
    await window.set_input_files("#files", [file(b"", "prices.pdf")])
    await window.fill("#text", "See the file")
    await window.press("#text", "Enter")
    await expect(window.locator("#wrong-files")).to_contain_text("“prices.pdf” cannot be sent: the file is empty")
    await expect(window.locator("#text")).to_have_value("See the file")
    assert await sent(page) == []


async def test_ten_files(page: Page, window: Window) -> None:
    """They go, though the field of the recording comes with them; more are left out by their names."""
    await window.goto(page.address + address(ANA))
    picture = samples.picture("JPEG")
    await window.set_input_files("#files", [file(picture, f"{number}.jpg") for number in range(12)])
    await expect(window.locator("#meanwhile")).to_have_text(
        "Left out: 10.jpg, 11.jpg. At most 10 files go at once, of 100 MB together."
    )
    await window.press("#text", "Enter")
    assert len((await until_sent(page)).parts) == 10


async def test_a_form_that_hides_its_method(page: Page, window: Window) -> None:
    """A field named remove is no hindrance to taking its form off the page."""
    await window.goto(page.address + address(ANA))
    left = await window.evaluate("""async () => {
        const { patch } = await import("/static/patch.js");
        const shown = document.createElement("li");
        shown.innerHTML = '<bdi>urgent</bdi><form><input name="remove"></form>';
        const fresh = document.createElement("li");
        fresh.innerHTML = "<bdi>urgent</bdi>";
        patch(shown, fresh);
        return shown.innerHTML;
    }""")
    assert left == "<bdi>urgent</bdi>"
