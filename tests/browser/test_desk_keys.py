"""The inbox by keyboard in a browser: the way to the answer, the keys and their switch, and back through the chats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Route, expect
from playwright.async_api import Page as Window

from events.inbound import Message
from events.subjects import ChatKey
from tests.console.conftest import ANA, Page, serve
from tests.console.given import address, given
from tests.console.ordering import orders as orders_of

pytestmark = [pytest.mark.browser, pytest.mark.slow("a browser walks through a full list")]

ROWS = "#list .chats a"
FOCUSED = "document.activeElement?.id || document.activeElement?.getAttribute('href')"


def other(number: int) -> ChatKey:
    return ANA._replace(chat=f"1202555{number:04}@s.whatsapp.net")


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """Fifty chats, and one of sixty messages with a name that comes last."""
    async with serve(tmp_path) as served:
        for number in range(50):
            await given(served, other(number), Message(id=f"k{number}", text=f"hello from {number}"))
        await given(served, ANA, *(Message(id=f"a{n}", text=f"see https://a.example/{n}") for n in range(60)))
        yield served


@pytest.mark.parametrize("width", [1440, 820, 390])
@pytest.mark.parametrize("scripted", [True, False])
async def test_five_tabs_to_the_answer(page: Page, browser: Browser, width: int, scripted: bool) -> None:
    """From a page that was loaded, or a chat that was opened by its row, however many messages and chats there are."""
    context = await browser.new_context(viewport={"width": width, "height": 844}, java_script_enabled=scripted)
    window = await context.new_page()
    await window.goto(page.address + address(ANA))
    assert await tabs(window) <= 5
    await window.goto(page.address + "/desk")
    row = window.locator(ROWS).nth(20)
    await row.focus()
    await window.keyboard.press("Enter")
    await expect(window.locator("#with")).to_be_visible()
    await window.wait_for_load_state()  # without script the address leads to the end once the page is there
    assert await tabs(window) <= 5
    region = window.get_by_role("region", name="Your answer")
    await expect(region.get_by_role("textbox", name="Write as the business")).to_be_focused()
    await expect(region.get_by_role("button", name="Send")).to_have_count(1)
    await context.close()


async def tabs(window: Window) -> int:
    """Presses of Tab until the field of the answer has the focus, 20 at most."""
    field = window.locator("#text:focus")
    for number in range(20):
        if await field.count():
            return number
        await window.keyboard.press("Tab")
    return 20


async def test_through_the_list(page: Page, window: Window) -> None:
    """j and k open the neighbours, also from the messages; ArrowDown moves the focus alone; the list has ends."""
    await window.goto(page.address + "/desk")
    chats = [await row.get_attribute("href") for row in await window.locator(ROWS).all()]
    for key, number in (("j", 0), ("j", 1), ("j", 2), ("k", 1), ("k", 0), ("k", 0)):
        await window.keyboard.press(key)
        row = window.locator(ROWS).nth(number)
        await expect(row).to_have_attribute("aria-current", "page")
        await expect(row).to_be_focused()
    await window.locator("#conversation").focus()
    await window.keyboard.press("j")
    await expect(window.locator(ROWS).nth(1)).to_have_attribute("aria-current", "page")
    await window.keyboard.press("ArrowDown")
    await expect(window.locator(ROWS).nth(2)).to_be_focused()
    await expect(window.locator(ROWS).nth(1)).to_have_attribute("aria-current", "page")
    assert [await row.get_attribute("href") for row in await window.locator(ROWS).all()] == chats


async def test_keys_of_a_chat(page: Page, window: Window) -> None:
    """/ r a e ? and Escape; none of them acts while one types, with a modifier, or in a dialog."""
    await window.goto(page.address + address(ANA))
    await window.keyboard.press("/")
    await expect(window.locator("#q")).to_be_focused()
    await window.keyboard.type("jkrae?/")
    await expect(window.locator("#q")).to_have_value("jkrae?/")
    await window.fill("#q", "")
    await window.keyboard.press("Escape")
    await expect(window.locator("#q")).not_to_be_focused()
    await window.keyboard.press("r")
    await expect(window.locator("#text")).to_be_focused()
    await window.keyboard.type("ae?/jk")
    await expect(window.locator("#text")).to_have_value("ae?/jk")
    await window.keyboard.press("Escape")
    await expect(window.locator("#text")).to_have_value("ae?/jk")
    await window.locator("#minutes").focus()
    await window.keyboard.press("e")
    await window.locator("#conversation").focus()
    for modifier in ("Control", "Alt", "Meta"):
        await window.evaluate(
            "(name) => document.activeElement.dispatchEvent("
            "new KeyboardEvent('keydown', { key: 'e', bubbles: true, [`${name}Key`]: true }))",
            {"Control": "ctrl", "Alt": "alt", "Meta": "meta"}[modifier],
        )
    await window.keyboard.press("Shift+E")
    await window.keyboard.press("?")
    dialog = window.get_by_role("dialog", name="Keys")
    await expect(dialog).to_be_visible()
    await window.keyboard.press("e")
    await window.keyboard.press("j")
    await window.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert await orders_of(page, ANA) == []
    assert address(ANA) in window.url
    await window.keyboard.press("e")
    await expect(window.locator("#told .told")).to_be_visible()
    await window.evaluate("document.querySelector('#told').replaceChildren()")
    await window.keyboard.press("a")
    await expect(window.locator("#told .told")).to_be_visible()
    assert [one.command for one in await orders_of(page, ANA)] == ["resolve", "assign"]


async def test_the_keys_are_switched_off(page: Page, window: Window) -> None:
    """In this browser, also for the next page; the arrows, Escape and the button of the dialog still act."""
    await window.goto(page.address + address(ANA))
    await window.get_by_role("button", name="Keys").click()
    await window.get_by_role("checkbox", name="These keys act").uncheck()
    await window.keyboard.press("Escape")
    for _ in range(2):
        await window.locator("#conversation").focus()
        for key in ("j", "k", "/", "r", "a", "e", "?"):
            await window.keyboard.press(key)
        assert await window.evaluate(FOCUSED) == "conversation"
        assert address(ANA) in window.url
        await expect(window.get_by_role("dialog")).to_have_count(0)
        await window.reload()
    assert await orders_of(page, ANA) == []
    await window.locator(ROWS).first.focus()
    await window.keyboard.press("ArrowDown")
    await expect(window.locator(ROWS).nth(1)).to_be_focused()
    await window.get_by_role("button", name="Keys").click()
    await window.get_by_role("checkbox", name="These keys act").check()
    await window.keyboard.press("Escape")
    await window.locator("#conversation").focus()
    await window.keyboard.press("r")
    await expect(window.locator("#text")).to_be_focused()


async def test_an_order_is_for_the_chat_that_was_gone_to(page: Page, window: Window) -> None:
    """Also where that chat is not there yet: `j` and `e` at once, over a slow line."""
    await window.goto(page.address + address(ANA))
    name = await window.locator(ROWS).nth(1).locator("bdi").first.inner_text()
    asked, goes_on = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        asked.set()
        await goes_on.wait()
        await route.continue_()

    await window.route(page.address + address(other(49)) + "*", late)
    await window.keyboard.press("j")
    await asked.wait()
    await window.keyboard.press("e")
    await window.evaluate("() => new Promise((resolve) => setTimeout(resolve))")
    goes_on.set()
    await expect(window.locator("#with")).to_have_text(name)
    await expect(window.locator("#told .told")).to_be_visible()
    assert [one.command for one in await orders_of(page, other(49))] == ["resolve"]
    assert await orders_of(page, ANA) == []


async def test_back_through_the_chats(page: Page, window: Window) -> None:
    """The list keeps its place and its filter, and each chat its draft."""
    await window.goto(page.address + "/desk?only=waiting&sort=wait")
    await expect(window.locator(ROWS)).to_have_count(50)
    names = []
    for number in (30, 35):
        row = window.locator(ROWS).nth(number)
        names.append(await row.locator("bdi").first.inner_text())
        await row.click()
        await expect(window.locator("#with")).to_have_text(names[-1])
        await window.fill("#text", f"draft {number}")
    place = await window.evaluate("document.querySelector('#list').scrollTop")
    assert place > 0
    for number, name in ((30, names[0]), (None, None)):
        await window.go_back()
        if name is None:
            await expect(window.locator("#with")).to_have_count(0)
        else:
            await expect(window.locator("#with")).to_have_text(name)
            await expect(window.locator("#text")).to_have_value(f"draft {number}")
        await expect(window.locator(".filters [aria-current]")).to_contain_text("Waiting for us")
        assert abs(await window.evaluate("document.querySelector('#list').scrollTop") - place) < 40
    await window.go_forward()
    await window.go_forward()
    await expect(window.locator("#text")).to_have_value("draft 35")
    await window.reload()
    await expect(window.locator("#text")).to_have_value("draft 35")
    assert abs(await window.evaluate("document.querySelector('#list').scrollTop") - place) < 40
    await window.locator(".filters a").first.click()
    await expect(window.locator(".filters a").first).to_have_attribute("aria-current", "true")
    assert await window.evaluate("document.querySelector('#list').scrollTop") == 0


async def test_a_press_is_meant_for_what_was_there(page: Page, window: Window) -> None:
    """While a pointer is down the list does not move; the news comes after."""
    await window.goto(page.address + "/desk")
    row = window.locator(ROWS).nth(3)
    name = await row.locator("bdi").first.inner_text()
    box = await row.bounding_box()
    assert box is not None
    await window.mouse.move(box["x"] + 20, box["y"] + 20)
    await window.mouse.down()
    await given(page, other(0), Message(id="n1", text="I come first now"))
    async with window.expect_response("**/desk?part=list"):
        pass
    async with window.expect_request_finished():
        pass
    await expect(window.locator(ROWS).nth(3)).to_contain_text(name)
    await window.mouse.up()
    await expect(window.locator("#with")).to_have_text(name)
    await expect(window.locator(ROWS).first).to_contain_text("I come first now")


async def test_a_press_without_an_end(page: Page, window: Window) -> None:
    """A press whose end a menu takes holds nothing; one that ends elsewhere does not for long."""
    await window.clock.install()
    await window.goto(page.address + "/desk")
    row = window.locator(ROWS).nth(3)
    await row.hover()
    await window.mouse.down(button="right")
    await given(page, other(0), Message(id="n1", text="I come first now"))
    await expect(window.locator(ROWS).first).to_contain_text("I come first now")
    await row.dispatch_event("pointerdown")
    async with window.expect_response("**/desk?part=list"):
        await given(page, other(1), Message(id="n2", text="And now I do"))
    await expect(window.locator(ROWS).first).to_contain_text("I come first now")
    await window.clock.fast_forward(20_000)
    await expect(window.locator(ROWS).first).to_contain_text("And now I do")
