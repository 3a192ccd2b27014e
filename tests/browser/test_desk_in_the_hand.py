"""The desk under impatient fingers: pressed twice, held, left and come back to; and while news arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page as Window
from playwright.async_api import expect

from console import orders
from events.decisions import Attention, Paused, Reply
from events.inbound import Message
from events.log import LogUnavailable
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import AT, address, given, reply
from tests.console.ordering import Refusing
from tests.console.ordering import orders as orders_of

pytestmark = pytest.mark.browser

FOCUSED = "document.activeElement.getAttribute('href') ?? document.activeElement.id"


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Page]:
    """A page, two chats in it, and no instance that obeys."""
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.5)
    monkeypatch.setattr(orders, "SENT_WITHIN", 0)
    async with serve(tmp_path, Refusing()) as served:
        for key in (ANA, TOM):
            await given(served, key, Message(id=f"m{key.chat}", text="hello"))
        yield served


async def open_chat(page: Page, window: Window, path: str = "") -> None:
    await window.goto(page.address + address(ANA, path))


async def test_held_and_pressed_again(page: Page, window: Window) -> None:
    """Enter held for a second, and then on the page that comes: the person gets the words once, the field is empty."""
    await open_chat(page, window)
    await window.fill("#text", "once")
    for _ in range(20):
        await window.keyboard.down("Enter")  # held: the browser repeats it
        await asyncio.sleep(0.03)
    await expect(window.locator(".told")).to_contain_text("The order is stored")
    for _ in range(5):
        await window.keyboard.down("Enter")
    await window.keyboard.up("Enter")
    await expect(window.locator("#text")).to_have_value("")
    await expect(window.locator("#text")).to_be_focused()
    assert [one.text for one in await orders_of(page, ANA)] == ["once"]
    await window.reload()
    await expect(window.locator(".told")).to_have_count(0)


async def test_pressed_twice_within_a_moment(page: Page, window: Window) -> None:
    """A click and Enter, two clicks: also of the other orders."""
    await open_chat(page, window)
    await window.fill("#text", "once")
    await window.evaluate("() => { for (const _ of [1, 2, 3]) document.querySelector('#write .send').click(); }")
    await expect(window.locator(".told")).to_be_visible()
    await window.evaluate("document.querySelector('#told').replaceChildren()")
    await window.evaluate("() => { for (const _ of [1, 2, 3]) document.querySelector('#order-pause button').click(); }")
    await expect(window.locator(".told")).to_be_visible()
    assert [one.command for one in await orders_of(page, ANA)] == ["send", "pause"]


async def test_a_draft_is_kept(page: Page, window: Window) -> None:
    """Over another order, a reload, `/`, the list and back, and what is not stored; in its own chat and tab alone."""
    await open_chat(page, window)
    text = window.locator("#text")
    await text.fill("my draft\nof two lines")
    await window.get_by_role("button", name="Pause", exact=True).click()
    await expect(window.locator(".told")).to_be_visible()
    await expect(text).to_have_value("my draft\nof two lines")
    await window.reload()
    await expect(text).to_have_value("my draft\nof two lines")
    await window.locator("#with").click()
    await window.keyboard.press("/")
    await expect(window.locator("#q")).to_be_focused()
    await expect(text).to_have_value("my draft\nof two lines")
    page.log.fault = LogUnavailable("no answer")  # type: ignore[attr-defined]
    await window.press("#text", "Enter")
    await expect(window.locator("#wrong-text")).to_contain_text("not known whether this was stored")
    await expect(text).to_have_value("my draft\nof two lines")
    await window.goto(page.address + address(TOM))
    await expect(text).to_have_value("")
    other = await window.context.new_page()
    await open_chat(page, other)
    await expect(other.locator("#text")).to_have_value("")
    page.log.fault = None  # type: ignore[attr-defined]
    await open_chat(page, window)
    await expect(text).to_have_value("my draft\nof two lines")
    await window.press("#text", "Enter")
    await expect(window.locator(".told")).to_be_visible()
    await expect(text).to_have_value("")
    await open_chat(page, window)
    await expect(text).to_have_value("")
    assert [one.text for one in await orders_of(page, ANA) if one.command == "send"] == ["my draft\nof two lines"]


async def test_a_draft_of_more_than_words(page: Page, window: Window) -> None:
    """Choices and a place are kept as words are; what is there needs words or not; Tab leads through all of it."""
    await open_chat(page, window)
    assert await window.evaluate("!document.querySelector('#write').checkValidity()")
    await window.focus("#text")
    for name in ("Choices", "Place"):
        await window.get_by_text(name, exact=True).focus()
        await window.keyboard.press("Enter")
    await window.fill("#options", "Small\nLarge")
    await window.keyboard.press("Tab")
    await window.fill("#place", "nowhere")
    await window.reload()
    await expect(window.locator("#options")).to_have_value("Small\nLarge")
    await expect(window.locator("#place")).to_have_value("nowhere")
    assert await window.evaluate("document.querySelector('#write').checkValidity()")
    await window.get_by_role("link", name="reply").first.click()
    await expect(window.locator(".quoting")).to_contain_text("hello")
    await window.fill("#text", "Which size?")
    await window.press("#text", "Enter")
    await expect(window.locator("#wrong-place")).to_contain_text("This is no place")
    await expect(window.locator("#options")).to_have_value("Small\nLarge")
    await window.fill("#place", "-23.5, -46.6")
    await window.press("#text", "Enter")
    await expect(window.locator(".told")).to_be_visible()
    for field in ("#text", "#options", "#place"):
        await expect(window.locator(field)).to_have_value("")
    (control,) = await orders_of(page, ANA)
    assert (control.text, [part.kind for part in control.parts]) == ("Which size?", ["location", "choices"])
    assert control.quote == f"m{ANA.chat}"


async def test_words_that_arrived_though_the_answer_was_lost(page: Page, window: Window) -> None:
    """Sent again from the draft they are the same order; once the chat shows them there is no draft any more."""
    await open_chat(page, window)
    await window.route("**/orders", _lose)
    await window.fill("#text", "once")
    async with window.expect_event("requestfailed"):
        await window.press("#text", "Enter")
    await window.unroute("**/orders")
    await window.context.clear_cookies()  # the lost answer had the outcome
    await open_chat(page, window)
    await expect(window.locator("#text")).to_have_value("once")
    await window.press("#text", "Enter")
    await expect(window.locator(".told")).to_be_visible()
    (control,) = await orders_of(page, ANA)
    await given(page, ANA, Reply(id=f"{control.id}.r", turn=None, chat=ANA.chat, account="local", text="once",
                                 in_reply_to=(), author="operator", at=AT, cause=control.id))  # fmt: skip
    await window.evaluate(
        "([key, order]) => sessionStorage.setItem(`draft:${key}`, JSON.stringify({ text: 'once', order }))",
        [address(ANA, "/orders"), control.id],
    )
    await open_chat(page, window)
    await expect(window.locator(".operator")).to_be_visible()
    await expect(window.locator("#text")).to_have_value("")


async def _lose(route) -> None:  # type: ignore[no-untyped-def]
    await route.fetch(max_redirects=0)
    await route.abort()


async def test_a_colleague_answers_while_i_type(page: Page, window: Window) -> None:
    """It is said at the field, in a live region; the draft stays."""
    await open_chat(page, window)
    await window.fill("#text", "we are ope")
    await given(page, ANA, reply(ANA, "c9.r", "We open at nine", author="operator"))
    await expect(window.locator("#meanwhile[role=status]")).to_contain_text(
        "A colleague has just answered: “We open at nine”"
    )
    await expect(window.locator("#news[role=status]")).to_contain_text("a human of the business: We open at nine")
    await expect(window.locator("#text")).to_have_value("we are ope")
    await expect(window.locator("#text")).to_be_focused()


async def test_the_list_keeps_focus_selection_and_elements(page: Page, window: Window) -> None:
    """While chats change places: what has the focus stays the same element, and selected text stays selected."""
    await window.goto(page.address + "/desk")
    ana = window.locator(".chats a", has_text="+12025550143")
    await ana.focus()
    await window.evaluate("window.same = document.activeElement")
    for number in range(3):  # now one, now the other comes first
        key = (ANA, TOM)[number % 2]
        await given(page, key, Message(id=f"n{number}", text=f"news {number}"))
        await expect(window.locator(".chats li").first).to_contain_text(f"news {number}")
        assert await window.evaluate("document.activeElement === window.same && window.same.isConnected")
    await expect(window.locator("#news")).to_contain_text("something new")
    await window.evaluate(
        "document.getSelection().selectAllChildren(document.querySelector('.chats li:last-child .said'))"
    )
    await window.evaluate("document.activeElement.blur()")
    selected = await window.evaluate("String(document.getSelection())")
    await given(page, ANA, Attention(id="h.h", text="Wants a refund", by="model", at=AT, messages=()))
    await expect(window.locator(".chats")).to_contain_text("Wants a refund")
    await expect(window.locator("#news")).to_contain_text("Needs a human")
    assert selected
    assert await window.evaluate("String(document.getSelection())") == selected


async def test_the_list_keeps_its_place_on_the_screen(page: Page, window: Window) -> None:
    """What one looks at does not move when chats come in above it."""
    for number in range(40):
        key = ANA._replace(chat=f"1202555{number:04}@s.whatsapp.net")
        await given(page, key, Message(id=f"k{number}", text="hello"))
    await window.goto(page.address + "/desk")
    link = window.locator(".chats a").nth(30)
    await link.focus()
    href, top = await link.get_attribute("href"), "document.activeElement.getBoundingClientRect().top"
    before = await window.evaluate(top)
    for number in range(3):
        key = ANA._replace(chat=f"1202666{number:04}@s.whatsapp.net")
        await given(page, key, Message(id=f"l{number}", text=f"new {number}"))
        await expect(window.locator(".chats li").first).to_contain_text(f"new {number}")
    assert await window.evaluate(FOCUSED) == href
    assert abs(await window.evaluate(top) - before) < 2


async def test_the_live_part_of_a_chat_keeps_focus_and_selection(page: Page, window: Window) -> None:
    """While messages arrive and the state changes; a form that is open keeps what was chosen in it."""
    await open_chat(page, window)
    await window.select_option("#minutes", "480")
    await window.locator(".lines a").first.focus()
    await window.evaluate("document.getSelection().selectAllChildren(document.querySelector('.lines .text'))")
    await given(page, ANA, Message(id="a9", text="and more"), Paused(until=None, at=AT))
    await expect(window.locator("#order-resume")).to_be_visible()
    assert "/why/" in await window.evaluate(FOCUSED)
    assert await window.evaluate("String(document.getSelection())") == "hello"
    await expect(window.locator("#minutes")).to_have_value("480")
    await expect(window.locator("#news")).to_contain_text("and more")


async def test_a_few_tabs_to_the_field(page: Page, window: Window) -> None:
    """However many messages there are."""
    await given(page, ANA, *(Message(id=f"a{n}", text="hello") for n in range(60)))
    await open_chat(page, window)
    await window.keyboard.press("Tab")
    await window.keyboard.press("Enter")
    await expect(window.locator("#text")).to_be_focused()


async def test_without_script(page: Page, window: Window) -> None:
    """Two clicks are one order; the page asks before a block; refused words are in the form again."""
    bare = await (await window.context.browser.new_context(java_script_enabled=False)).new_page()  # type: ignore[union-attr]
    await open_chat(page, bare)
    await bare.fill("#text", "once")
    await bare.locator("#write .send").click(click_count=2)
    await expect(bare.locator(".told")).to_contain_text("The order is stored")
    await bare.reload()
    await expect(bare.locator(".told")).to_have_count(0)
    assert [one.text for one in await orders_of(page, ANA)] == ["once"]
    await bare.get_by_role("link", name="Block").click()
    await bare.get_by_role("button", name="Block").click()
    await expect(bare.locator(".told")).to_be_visible()
    assert [one.command for one in await orders_of(page, ANA)] == ["send", "block"]
    page.log.fault = LogUnavailable("no answer")  # type: ignore[attr-defined]
    await bare.fill("#text", "my words")
    await bare.locator("#write .send").click()
    await expect(bare.locator("#text")).to_have_value("my words")
    await bare.context.close()
