"""The inbox without a page being loaded: it narrows lists, and shows pages about a chat in a dialog."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect
from playwright.async_api import Page as Window

from console import orders
from events.decisions import Erased, Reset
from events.inbound import Message
from events.subjects import ChatKey
from tests.browser.in_place import is_same, line_in_view, open_chat, top_of
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import AT, address, given
from tests.console.ordering import obeyed
from tests.console.ordering import orders as orders_of
from tests.console.test_template import Told

pytestmark = [pytest.mark.browser, pytest.mark.slow("a browser walks the inbox")]

__all__ = ["obeyed"]

OTHERS = [ChatKey("other" if number % 2 else "local", f"1555{number:07}@s.whatsapp.net") for number in range(120)]


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Page]:
    """Two chats that are read, and many others of two accounts."""
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.2)
    async with serve(tmp_path) as served:
        object.__setattr__(served.deps, "templates", Told())
        for key in OTHERS:
            await given(served, key, Message(id="o1", text="hello"))
        await given(served, TOM, Message(id="t1", text="hello"))
        await given(served, ANA, *(Message(id=f"a{number}", text=f"message {number}") for number in range(70)))
        yield served


def rows(window: Window) -> Any:
    return window.locator("#list .chats a")


async def test_the_list_is_narrowed_beside_the_chat(page: Page, window: Window) -> None:
    """Filters, order, account, search and pages change the list alone; back and forth work; the words, the place in the
    messages and the focus stay."""
    await open_chat(page, window)
    await window.fill("#text", "half a sentence")
    await window.locator("#narrow summary").click()
    line, place = await line_in_view(window)
    await window.locator("#only-waiting").focus()
    await window.keyboard.press("Enter")
    await expect(window.locator(".title")).to_contain_text("waiting")
    await expect(window.locator("#only-waiting")).to_be_focused()
    await expect(window.locator("#news")).to_contain_text("1–50 of 122 chats")
    await window.get_by_role("link", name="other", exact=True).click()
    await expect(window.locator(".title")).to_contain_text("other")
    assert "list.only=waiting" in window.url
    assert "list.account=other" in window.url
    await window.locator("#list").evaluate("list => list.scrollTo(0, 900)")
    await window.get_by_role("link", name="Next page").click()
    await expect(window.locator("#listed > .pages span").last).to_have_text("51–60 of 60 chats")
    await expect(rows(window).first).to_be_focused()
    await window.go_back()
    await expect(window.locator("#listed > .pages span").last).to_have_text("1–50 of 60 chats")
    assert await window.locator("#list").evaluate("list => list.scrollTop") > 500
    await window.fill("#q", "15550000004")
    await window.press("#q", "Enter")
    await expect(window.locator(".title")).to_have_text("Found among chats: waiting for us")
    await window.go_back()
    await expect(window.locator(".title")).to_contain_text("other")
    await expect(window.locator("#q")).to_have_value("")
    assert await is_same(window)
    assert abs(await top_of(line) - place) < 3
    await expect(window.locator("#text")).to_have_value("half a sentence")
    form = window.locator("#write")
    assert "list.account=other" in str(await form.get_attribute("action"))
    await rows(window).first.click()
    await expect(window.locator("#with")).not_to_have_text("+12025550143")
    assert "list.account=other" in window.url
    await window.go_back()
    await expect(window.locator("#text")).to_have_value("half a sentence")
    assert await is_same(window)


async def test_a_message_that_was_found_and_the_newest(page: Page, window: Window) -> None:
    """Both come in place, and so do earlier messages by their link."""
    await open_chat(page, window, "?list.q=message")
    await window.locator(".found a", has_text="message 30").first.click()
    sought = window.locator("#lines .sought")
    await expect(sought).to_be_focused()
    await expect(sought.locator(".does a").first).to_have_css("padding-left", "0px")
    await window.locator("#newest a").last.click()
    await expect(window.locator("#lines .text").last).to_have_text("message 69")
    assert await is_same(window)


async def test_asked_in_a_dialog(page: Page, window: Window, obeyed: Any) -> None:
    """The focus goes in, Escape gives it back, the order is given in place and its outcome told."""
    await open_chat(page, window)
    await window.fill("#text", "half a sentence")
    await window.locator("#order-reset").focus()
    await window.keyboard.press("Enter")
    dialog = window.get_by_role("dialog", name="Begin a new conversation with +12025550143?")
    await expect(dialog.locator("h1")).to_be_focused()
    await window.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(window.locator("#order-reset")).to_be_focused()
    await window.keyboard.press("Enter")
    await dialog.get_by_role("link", name="Leave it").click()
    await expect(dialog).to_be_hidden()
    await window.locator("#order-reset").click()
    orders.OBEYED_WITHIN = 30
    task = await obeyed(ANA, lambda control: Reset(upto=1, at=AT, cause=control.id))
    await dialog.get_by_role("button", name="New conversation").click()
    await task
    await expect(window.locator("#told .told")).to_have_text("The next message starts a new conversation.")
    await expect(dialog).to_be_hidden()
    await expect(window.locator("#order-reset")).to_be_focused()
    await expect(window.locator("#text")).to_have_value("half a sentence")
    assert await is_same(window)


async def test_erasing_the_chat_that_is_open(page: Page, window: Window, obeyed: Any) -> None:
    """A wrong number is told beside its field. Then the conversation says that it is erased, the list goes on, and no
    word is left in the browser."""
    await open_chat(page, window, "?list.account=local")
    await window.fill("#text", "half a sentence")
    await window.locator("#order-erase").click()
    dialog = window.locator("#asked")
    await expect(window.locator("#confirm")).to_be_focused()
    await window.fill("#confirm", "+1")
    await window.keyboard.press("Enter")
    await expect(dialog.get_by_role("alert")).to_have_text("That is not +12025550143. Nothing was erased.")
    await expect(window.locator("#confirm")).to_be_focused()
    orders.OBEYED_WITHIN = 30
    upto = (await page.log.head()).last + 1  # with the order
    task = await obeyed(ANA, lambda control: Erased(upto=upto, at=AT, cause=control.id))
    await window.fill("#confirm", ANA.chat)
    await window.keyboard.press("Enter")
    await task
    await expect(window.locator("#conversation .nothing")).to_contain_text(
        "Erased. What is left of it is being removed."
    )
    await expect(window.locator("#person")).to_have_count(0)
    await expect(window.locator("#list .chats a[aria-current]")).to_have_count(0)
    assert window.url.endswith("/desk?account=local")
    assert await is_same(window)
    assert await window.evaluate("Object.keys(sessionStorage).filter((name) => name.startsWith('draft:'))") == []
    await given(page, ANA, Erased(upto=upto, at=AT, done=True))
    await window.go_back()
    await expect(window.get_by_role("heading", level=1)).to_have_text("This chat was erased")
    await window.get_by_role("link", name="To the chats").click()
    await expect(rows(window).first).to_be_visible()


async def test_a_chat_that_is_gone(page: Page, window: Window) -> None:
    """The conversation says so; what was typed is not sent to anyone."""
    await open_chat(page, window, "?list.account=local")
    await window.fill("#text", "half a sentence")

    async def gone(route: Route) -> None:
        answer = await route.fetch(url=page.address + address(ChatKey("local", "15559999999@s.whatsapp.net")))
        await route.fulfill(response=answer)

    await window.route("**/*part=live*", gone)
    await given(page, ANA, Message(id="last", text="bye"))
    await expect(window.locator("#conversation .nothing")).to_contain_text("Nothing is here of the chat")
    await window.get_by_role("link", name="To the chats").click()
    await expect(window).to_have_url(re.compile(r"/desk\?account=local$"))
    assert await is_same(window)


async def test_the_list_after_a_chat_is_gone(page: Page, window: Window) -> None:
    """It goes on, and is narrowed, though the address of the chat is none any more."""
    await open_chat(page, window, "?list.account=local")

    async def gone(route: Route) -> None:
        answer = await route.fetch(url=page.address + address(ChatKey("local", "15559999999@s.whatsapp.net")))
        await route.fulfill(response=answer)

    await window.route(f"**{address(ANA)}*", gone)
    await given(page, ANA, Message(id="last", text="bye"))
    await expect(window.locator("#conversation .nothing")).to_contain_text("Nothing is here of the chat")
    await expect(window).to_have_url(re.compile(r"/desk\?account=local$"))
    await given(page, TOM, Message(id="t2", text="are you there?"))
    await expect(rows(window).first).to_contain_text("are you there?")
    await window.locator("#only-waiting").click()
    await expect(window.locator(".title")).to_contain_text("waiting")
    await expect(window.locator("#conversation .nothing")).to_contain_text("Nothing is here of the chat")
    assert await is_same(window)


async def test_a_template_and_why(page: Page, window: Window) -> None:
    """Templates are looked for, filled in, refused and sent in the dialog; a story is read in it."""
    await open_chat(page, window)
    await window.fill("#text", "half a sentence")
    await window.evaluate(
        "to => document.querySelector('#orders .orders').append(Object.assign(document.createElement('a'), to))",
        {"id": "t", "textContent": "t", "href": address(ANA, "/template")},
    )
    await window.locator("#t").click()
    dialog = window.locator("#asked")
    await window.fill("#q-template", "order")
    await window.keyboard.press("Enter")
    await expect(dialog.locator("ul.files").first).not_to_contain_text("hello")
    await dialog.get_by_role("link", name="order_ready").click()
    await window.fill("#value-2", "Ana")
    await dialog.get_by_role("button", name="Send the template").click()
    await expect(dialog.get_by_role("alert")).to_have_text("Some values are missing.")
    await expect(dialog.locator("[aria-invalid]").first).to_be_focused()
    assert await orders_of(page, ANA) == []
    await dialog.get_by_role("link", name="Another template").click()
    await dialog.get_by_role("link", name="hello").click()
    await dialog.get_by_role("button", name="Send the template").click()
    await expect(window.locator("#told .told")).to_contain_text("The order is stored")
    await expect(dialog).to_be_hidden()
    (order,) = await orders_of(page, ANA)
    assert order.parts[0].name == "hello"
    await window.locator("#lines a[href*='/why/']").last.click()
    await expect(dialog.locator("h1")).to_have_text("What became of this message")
    await dialog.get_by_role("link", name="Back to the chat").click()
    await expect(dialog).to_be_hidden()
    await expect(window.locator("#text")).to_have_value("half a sentence")
    assert await is_same(window)


async def test_asked_on_a_phone(page: Page, window: Window) -> None:
    """The dialog is there whichever pane is shown."""
    await window.set_viewport_size({"width": 390, "height": 844})
    await open_chat(page, window)
    await window.locator("#lines a[href*='/why/']").last.click()
    await expect(window.locator("#asked h1")).to_be_in_viewport()
    await window.keyboard.press("Escape")
    await window.locator(".to-person").click()
    await window.locator("#order-block").click()
    await expect(window.locator("#asked h1")).to_have_text("Block +12025550143?")
    await expect(window.locator("#asked h1")).to_be_in_viewport()


async def test_erased_on_a_phone(page: Page, window: Window, obeyed: Any) -> None:
    """The list, which is all that is seen then, says it until another chat is opened."""
    await window.set_viewport_size({"width": 390, "height": 844})
    await open_chat(page, window, "?pane=person")
    orders.OBEYED_WITHIN = 30
    upto = (await page.log.head()).last + 1  # with the order
    task = await obeyed(ANA, lambda control: Erased(upto=upto, at=AT, cause=control.id))
    await window.locator("#order-erase").click()
    await window.fill("#confirm", ANA.chat)
    await window.keyboard.press("Enter")
    await task
    told = window.locator("#list-told")
    await expect(told).to_have_text("Erased. What is left of it is being removed.")
    await expect(told).to_be_in_viewport()
    await rows(window).first.click()
    await expect(told).to_be_empty()


async def test_without_script(page: Page, browser: Browser) -> None:
    """The same links and forms load pages."""
    context = await browser.new_context(java_script_enabled=False)
    window = await context.new_page()
    await window.goto(page.address + address(ANA))
    await window.locator("#only-waiting").click()
    await expect(window.locator(".title")).to_contain_text("waiting")
    await window.locator("#order-block").click()
    await expect(window.locator("h1")).to_have_text("Block +12025550143?")
    await window.locator("button.danger").click()
    await expect(window.locator("#told .told")).to_contain_text("The order is stored")
    await context.close()


@pytest.mark.parametrize(("path", "link"), [("?pane=person", "#order-block"), ("", "#lines a[href*='/why/']")])
async def test_a_dialog_on_a_phone(page: Page, window: Window, path: str, link: str) -> None:
    """It is seen whole over the one pane that a phone shows."""
    await window.set_viewport_size({"width": 390, "height": 844})
    await open_chat(page, window, path)
    await window.locator(link).last.click()
    dialog = window.locator("#asked")
    await expect(dialog).to_be_visible()
    box = await dialog.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    await window.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert await is_same(window)
