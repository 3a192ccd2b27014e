"""Words and recordings that are not sent yet are there when their chat is shown again."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page as Window
from playwright.async_api import Route, expect

from console import orders
from events.inbound import Message
from events.joining import Joined
from events.subjects import ChatKey
from tests.console.conftest import Page, serve
from tests.console.given import AT, address, given
from tests.console.ordering import Refusing
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow("a browser opens several chats")]

OLD, NEW = ChatKey("shop", "5511999990001@s.whatsapp.net"), ChatKey("shop", "5521999990002@s.whatsapp.net")
THERE = re.compile(re.escape(address(NEW)))
"""Waited for as an address, not as a load: the page may be led there twice, and the second load ends the first."""


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Page]:
    """The chats of two numbers, and no instance that obeys."""
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.2)
    monkeypatch.setattr(orders, "SENT_WITHIN", 0)
    async with serve(tmp_path, Refusing()) as served:
        await given(served, OLD, *(Message(id=f"m{number}", text=f"message {number}") for number in range(70)))
        await given(served, NEW, Message(id="n1", text="my new number"))
        yield served


async def joined(page: Page) -> None:
    await given(page, OLD, Joined(into=NEW.chat, at=AT, cause="join:1"), Joined(into=NEW.chat, at=AT, done=True))
    await given(page, NEW, Joined(from_=OLD.chat, at=AT, cause="join:1"))
    await given(page, NEW, Joined(from_=OLD.chat, at=AT, cause="joined:1", whole=True))


async def open_other(window: Window) -> None:
    name = await window.locator("#with").inner_text()
    await window.locator("#list .chats a:not([aria-current])").click()
    await expect(window.locator("#with")).not_to_have_text(name)


@pytest.mark.parametrize("has_draft", [False, True])
async def test_the_chat_closes_into_another_one(page: Page, window: Window, has_draft: bool) -> None:
    """The words go on in the other chat, unless it has words of its own."""
    if has_draft:
        await window.goto(page.address + address(NEW))
        await window.fill("#text", "for the new number")
    await window.goto(page.address + address(OLD))
    await window.fill("#text", "half a sentence")
    await window.fill("#note-text", "half a note")
    await joined(page)
    await expect(window).to_have_url(THERE, timeout=60_000)
    await expect(window.locator("#text")).to_have_value("for the new number" if has_draft else "half a sentence")
    await expect(window.locator("#note-text")).to_have_value("half a note")


async def test_an_order_leads_to_the_chat_that_goes_on(page: Page, window: Window) -> None:
    """The page of a closed chat has not noticed yet: what the order did not take goes on."""
    await window.goto(page.address + address(OLD))

    async def never(_route: Route) -> None:
        pass

    async def is_known() -> bool:
        return await page.deps.read(page.deps.queries.open_chat, OLD) == NEW

    await window.route("**/*part=*", never)
    await window.fill("#text", "half a sentence")
    await joined(page)
    await until(is_known)
    await window.fill("#note-text", "Called her.")
    await window.locator("#order-note button").click()
    await expect(window).to_have_url(THERE, timeout=60_000)
    await expect(window.locator("#text")).to_have_value("half a sentence")
    await expect(window.locator("#note-text")).to_have_value("")


async def test_a_label(page: Page, window: Window) -> None:
    """It stays when another chat is opened, and when an answer from an earlier page shows the newest one; once it was
    taken it is gone."""
    await window.goto(page.address + address(OLD, "?around=5#s5"))
    label = window.locator("#label-add")
    await label.fill("half a la")
    await open_other(window)
    await expect(label).to_have_value("")
    await label.fill("another")
    await window.go_back()
    await expect(label).to_have_value("half a la")
    await window.fill("#text", "From above")
    await window.press("#text", "Enter")
    await expect(window.locator("#lines .text").last).to_have_text("message 69")
    await expect(label).to_have_value("half a la")
    await window.locator("#order-label button").click()
    await expect(label).to_have_value("")
    await window.reload()
    await expect(label).to_have_value("")
    await open_other(window)
    await expect(label).to_have_value("another")


async def test_a_recording(page: Page, window: Window) -> None:
    """It stays with its chat when another one is opened, until it is taken away or sent."""
    await window.goto(page.address + address(OLD))
    panel = window.locator(".recording")
    audio = panel.locator("audio")
    await window.get_by_role("button", name="Voice").click()
    await expect(panel.locator("output")).not_to_have_text("0:00")
    await panel.get_by_role("button", name="Stop").click()
    await expect(audio).to_have_js_property("error", None)
    size = await window.locator("[name=voice]").evaluate("field => field.files[0].size")
    await open_other(window)
    await expect(audio).to_have_count(0)
    await open_other(window)
    await expect(audio).to_have_js_property("error", None)
    assert await window.locator("[name=voice]").evaluate("field => field.files[0].size") == size
    await expect(window.locator("#text")).not_to_have_attribute("required", "")
    await panel.get_by_role("button", name="Take the recording away").click()
    await open_other(window)
    await open_other(window)
    await expect(panel).to_be_hidden()
    await expect(audio).to_have_count(0)


async def test_a_recording_that_runs(page: Page, window: Window) -> None:
    """Another chat is opened: it is stopped, that is told, and it is in its chat."""
    await window.goto(page.address + address(OLD))
    panel = window.locator(".recording")
    await window.get_by_role("button", name="Voice").click()
    await expect(panel.locator("output")).not_to_have_text("0:00")
    await open_other(window)
    await expect(window.locator("#told")).to_contain_text("The recording for +5511999990001 was stopped")
    await expect(panel).to_be_hidden()
    await open_other(window)
    await expect(panel.locator("audio")).to_have_js_property("error", None)
    assert await window.locator("[name=voice]").evaluate("field => field.files[0].size") > 0


async def test_a_recording_whose_chat_is_left_and_opened_again(page: Page, window: Window) -> None:
    """It is there, though the recorder ended after the chat was back."""
    await window.goto(page.address + address(OLD))
    await window.evaluate("""() => {
        const stop = MediaRecorder.prototype.stop;
        MediaRecorder.prototype.stop = function () { window.stopLate = () => stop.call(this); };
    }""")
    panel = window.locator(".recording")
    await window.get_by_role("button", name="Voice").click()
    await expect(panel.locator("output")).not_to_have_text("0:00")
    await open_other(window)
    await open_other(window)
    await window.evaluate("window.stopLate()")
    await expect(panel.locator("audio")).to_have_js_property("error", None)
    assert await window.locator("[name=voice]").evaluate("field => field.files[0].size") > 0
