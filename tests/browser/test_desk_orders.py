"""Orders of the inbox in a browser: the page is not loaded again, and what the user sees, types and has open stays."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Route, expect
from playwright.async_api import Page as Window

from console import orders
from events.inbound import Message
from events.log import LogUnavailable
from events.teamwork import Assigned, Labelled, Noted, Resolved
from tests.browser.in_place import is_same, line_in_view, open_chat, top_of
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import AT, given
from tests.console.ordering import Refusing
from tests.console.ordering import orders as orders_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow("a browser gives many orders, each of which nobody obeys for a while"),
]

TOLD = "The order is stored"
ORDERS = re.compile(r"/orders(\?|$)")


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Page]:
    """A chat of many messages, another one, and no instance that obeys."""
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.2)
    monkeypatch.setattr(orders, "SENT_WITHIN", 0)
    async with serve(tmp_path, Refusing()) as served:
        await given(served, TOM, Message(id="t1", text="hello"))
        await given(served, ANA, *(Message(id=f"a{number}", text=f"message {number}") for number in range(70)))
        yield served


async def test_each_order_leaves_the_page(page: Page, window: Window) -> None:
    """The place in the messages, an open menu, words elsewhere and the focus stay; the outcome is told in a
    live region; the form has a fresh id and no words."""
    await open_chat(page, window)
    await window.fill("#text", "half a sentence")
    await window.locator("#turns summary").click()
    line, place = await line_in_view(window)
    ids = set()
    for form, fill in (
        ("#order-take", None),
        ("#order-label", ("#label-add", "urgent")),
        ("#order-note", ("#note-text", "Called her.")),
        ("#order-snooze", None),
        ("#order-pause", None),
        ("#order-resolve", None),
    ):
        if fill is not None:
            await window.fill(*fill)
        ids.add(await window.locator(f"{form} [name=id]").input_value())
        await window.evaluate("document.querySelector('#told').replaceChildren()")
        button = window.locator(f"{form} button")
        await button.focus()
        await window.keyboard.press("Enter")
        await expect(window.locator("#told[role=status] .told")).to_contain_text(TOLD)
        await expect(button).to_be_focused()
        if fill is not None:
            await expect(window.locator(fill[0])).to_have_value("")
        assert await window.locator(f"{form} [name=id]").input_value() not in ids
    assert await is_same(window)
    assert abs(await top_of(line) - place) < 3
    await expect(window.locator("#text")).to_have_value("half a sentence")
    await expect(window.locator("#turns")).to_have_attribute("open", "")
    given_ = await orders_of(page, ANA)
    assert [one.command for one in given_] == ["assign", "label", "note", "snooze", "pause", "resolve"]
    assert {one.id for one in given_} == ids


async def test_what_was_decided_is_shown_in_its_place(page: Page, window: Window) -> None:
    """The person's pane and the list follow; where a button is gone the focus goes to what came in its section."""
    await open_chat(page, window)
    await window.locator("#order-resolve button").focus()
    await given(
        page,
        ANA,
        Assigned(to="bea", at=AT),
        Labelled(add=("urgent",), at=AT),
        Noted(id="n1", text="Called her.", at=AT),
        Resolved(state="resolved", at=AT),
    )
    await expect(window.locator("#order-reopen")).to_be_visible()
    await expect(window.locator(".work > p")).to_have_text("bea")
    await expect(window.locator(".notes li")).to_contain_text("Called her.")
    await expect(window.locator(".chips")).to_contain_text("urgent")
    assert await window.evaluate("document.activeElement.closest('section')?.className") == "work"
    await expect(window.locator("#list .chats a")).to_have_count(1)
    assert await is_same(window)


async def test_words_are_sent(page: Page, window: Window) -> None:
    """The field is empty and has the focus, a quote is gone; twice the same words are two orders."""
    await open_chat(page, window)
    await window.get_by_role("link", name="reply").last.click()
    for _ in range(2):
        await window.fill("#text", "We open at nine")
        await window.press("#text", "Enter")
        await expect(window.locator("#text")).to_have_value("")
        await expect(window.locator("#told .told")).to_contain_text(TOLD)
    await expect(window.locator("#text")).to_be_focused()
    await expect(window.locator(".quoting")).to_have_count(0)
    assert await is_same(window)
    assert [(one.text, one.quote) for one in await orders_of(page, ANA)] == [
        ("We open at nine", "a69"),
        ("We open at nine", None),
    ]
    assert await window.evaluate("Object.keys(sessionStorage).filter((name) => name.startsWith('draft:'))") == []


async def test_an_answer_from_an_earlier_page(page: Page, window: Window) -> None:
    """It is at the end of the chat, so that is shown; the page itself is not loaded again."""
    await open_chat(page, window, "?around=5&list.only=waiting#s5")
    await window.fill("#text", "From above")
    await window.press("#text", "Enter")
    await expect(window.locator("#told .told")).to_contain_text(TOLD)
    await expect(window.locator("#lines .text").last).to_have_text("message 69")
    await expect(window.locator("#text")).to_have_value("")
    assert await is_same(window)
    assert window.url.endswith("?list.only=waiting")


async def test_an_order_that_fails(page: Page, window: Window) -> None:
    """Not stored, no answer, a fault, logged out: it is told with what to do, nothing typed is lost, and the same form
    again is the same order."""
    await open_chat(page, window)
    alert = window.locator("#told [role=alert]")
    await window.fill("#note-text", "Called her.")
    note = window.locator("#order-note button")
    page.log.fault = LogUnavailable("no answer")  # type: ignore[attr-defined]
    id_ = await window.locator("#order-note [name=id]").input_value()
    await note.click()
    await expect(alert).to_contain_text("Press the button again: it counts once.")
    page.log.fault = None  # type: ignore[attr-defined]

    async def fault(route: Route) -> None:
        await route.fulfill(status=500, body="oops")

    async def refused(route: Route) -> None:
        answer = {"error": "This is no label.", "field": "add", "id": "0123456789abcdef"}
        await route.fulfill(status=400, json=answer)

    async def logged_out(route: Route) -> None:
        await route.fulfill(status=401, json={"error": "for programs"})

    async def lost(route: Route) -> None:
        await route.fetch()
        await route.abort()

    for answer, said in (
        (fault, "recado said 500. Press the button again"),
        (lost, "The connection was lost. Press the button again"),
    ):
        await window.route(ORDERS, answer)
        await note.click()
        await expect(alert).to_contain_text(said)
        await window.unroute(ORDERS)
        await expect(window.locator("#note-text")).to_have_value("Called her.")
        await expect(note).not_to_have_attribute("aria-disabled", "true")
    assert await window.locator("#order-note [name=id]").input_value() == id_
    await note.click()
    await expect(window.locator("#told .told")).to_contain_text(TOLD)
    assert [one.id for one in await orders_of(page, ANA)] == [id_]
    await window.fill("#label-add", "urgent")
    await window.route(ORDERS, refused)
    await window.locator("#order-label button").click()
    await expect(alert).to_have_text("This is no label.")
    await expect(window.locator("#label-add")).to_be_focused()
    await expect(window.locator("#label-add")).to_have_value("urgent")
    await expect(window.locator("#order-label [name=id]")).to_have_value("0123456789abcdef")
    await window.fill("#text", "my words")
    await window.press("#text", "Enter")
    await expect(window.locator("#wrong-text[role=alert]")).to_have_text("This is no label.")
    await expect(window.locator("#text")).to_have_value("my words")
    await expect(window.locator("#write [name=id]")).to_have_value("0123456789abcdef")
    await window.unroute(ORDERS)
    await window.route(ORDERS, logged_out)
    await window.fill("#note-text", "more")
    await note.click()
    await expect(window.locator("#lost")).to_contain_text("Log in again")
    await expect(window.locator("#note-text")).to_have_value("more")
    assert await is_same(window)


async def test_an_answer_that_is_older_than_the_end_of_the_session(page: Page, window: Window) -> None:
    """The banner stays: what was asked for before says nothing about the session now."""
    await open_chat(page, window)
    asked, answers = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await answers.wait()
        await route.fulfill(response=answer)

    async def logged_out(route: Route) -> None:
        await route.fulfill(status=401, json={"error": "for programs"})

    await window.route(re.compile("part=live"), late)
    await given(page, ANA, Message(id="new", text="are you there?"))
    await asked.wait()
    await window.route(ORDERS, logged_out)
    await window.fill("#note-text", "Called her.")
    await window.locator("#order-note button").click()
    await expect(window.locator("#lost")).to_contain_text("Log in again")
    answers.set()
    await expect(window.locator("#lines .person .text").last).to_have_text("are you there?")
    await expect(window.locator("#lost")).to_contain_text("Log in again")


async def test_an_order_that_arrived_though_its_answer_was_lost(page: Page, window: Window) -> None:
    """Pressed again later it is another order: what was paused and resumed since is paused again."""
    await open_chat(page, window)

    async def lost(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await window.route(ORDERS, lost)
    id_ = window.locator("#order-pause [name=id]")
    first = await id_.input_value()
    await window.locator("#order-pause button").click()
    await expect(window.locator("#told [role=alert]")).to_contain_text("The connection was lost")
    await expect(id_).not_to_have_value(first)
    await window.unroute(ORDERS)
    await window.locator("#order-pause button").click()
    await expect(window.locator("#told .told")).to_contain_text(TOLD)
    assert [(one.command, one.id == first) for one in await orders_of(page, ANA)] == [("pause", True), ("pause", False)]


async def test_another_chat_is_opened_meanwhile(page: Page, window: Window) -> None:
    """The outcome of the order is told with the name of its chat; words in the other chat stay."""
    await open_chat(page, window)
    await window.route(ORDERS, _slowly)
    await window.fill("#text", "for Ana")
    await window.press("#text", "Enter")
    await expect(window.locator("#meanwhile")).to_have_text("Sending …")
    await window.locator("#list .chats a:not([aria-current])").click()
    await expect(window.locator("#with")).not_to_have_text("+12025550143")
    await window.fill("#text", "for Tom")
    await window.fill("#note-text", "note about Tom")
    await expect(window.locator("#told")).to_contain_text("+12025550143: The order is stored")
    await expect(window.locator("#text")).to_have_value("for Tom")
    await window.locator("#list .chats a:not([aria-current])").click()
    await expect(window.locator("#with")).to_have_text("+12025550143")
    await expect(window.locator("#text")).to_have_value("")
    await expect(window.locator("#note-text")).to_have_value("")
    await window.go_back()
    await expect(window.locator("#note-text")).to_have_value("note about Tom")
    await window.locator("#order-note button").click()
    await expect(window.locator("#note-text")).to_have_value("")
    await window.reload()
    await expect(window.locator("#note-text")).to_have_value("")
    assert [one.text for one in await orders_of(page, ANA)] == ["for Ana"]


async def test_back_before_the_answer(page: Page, window: Window) -> None:
    """The words leave the field of the chat that was opened again; the same words once more are another order."""
    await open_chat(page, window)
    goes_on = asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        await goes_on.wait()
        await route.fulfill(response=answer)

    await window.route(ORDERS, late)
    await window.fill("#text", "ok")
    await window.press("#text", "Enter")
    await expect(window.locator("#meanwhile")).to_have_text("Sending …")
    await window.locator("#list .chats a:not([aria-current])").click()
    await expect(window.locator("#with")).not_to_have_text("+12025550143")
    await window.go_back()
    await expect(window.locator("#with")).to_have_text("+12025550143")
    await expect(window.locator("#text")).to_have_value("ok")
    (order,) = await orders_of(page, ANA)
    await expect(window.locator("#write [name=id]")).to_have_value(order.id)
    goes_on.set()
    await expect(window.locator("#text")).to_have_value("")
    await window.fill("#text", "ok")
    await window.press("#text", "Enter")
    await expect(window.locator("#text")).to_have_value("")
    first, second = await orders_of(page, ANA)
    assert (first.text, second.text, first.id != second.id) == ("ok", "ok", True)


async def test_an_upload_that_stands_still(page: Page, window: Window) -> None:
    """A minute without progress: it is told, and the words and the files can be sent again."""
    await window.clock.install()
    await open_chat(page, window)
    asked, ended = asyncio.Event(), asyncio.Event()

    async def never(_route: Route) -> None:
        asked.set()
        await ended.wait()

    await window.route(ORDERS, never)
    await window.set_input_files("#files", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
    await window.fill("#text", "as promised")
    await window.press("#text", "Enter")
    await asked.wait()
    await window.clock.fast_forward(61_000)
    await expect(window.locator("#wrong-text")).to_contain_text("The connection was lost. Press the button again")
    await expect(window.locator("#text")).to_be_editable()
    await expect(window.locator(".attached li")).to_have_count(1)
    ended.set()


async def _slowly(route: Route) -> None:
    answer = await route.fetch()
    while await route.request.frame.page.locator("#text").input_value() != "for Tom":
        await route.request.frame.page.wait_for_timeout(50)
    await route.fulfill(response=answer)


async def test_on_a_phone(page: Page, browser: Browser) -> None:
    """The person's pane alone is seen, so the outcome is told there."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    window = await context.new_page()
    await open_chat(page, window, "?pane=person")
    await window.locator("#order-resolve button").click()
    told = window.locator("#person-told[role=status] .told")
    await expect(told).to_contain_text(TOLD)
    await expect(told).to_be_in_viewport()
    assert await is_same(window)
    await context.close()
