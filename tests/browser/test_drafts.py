"""Words that are typed and not sent yet: whose they are, and when they go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Error, expect
from playwright.async_api import Page as Window

from events.decisions import Blocked, Erased
from events.inbound import Message
from events.subjects import ChatKey
from tests.browser.test_late_dialogs import open_template
from tests.console.conftest import ANA, TOM, Page
from tests.console.given import AT, address, given
from tests.console.people import cookie, peopled, put, user
from tests.console.test_template import Told
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow("a browser opens several chats")]

ADA, BEA = user("ada", role="owner"), user("bea")
DRAFTS = "Object.keys(sessionStorage).filter((name) => name.startsWith('draft:'))"


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """Two chats, and no user yet."""
    async with peopled(tmp_path) as (served, book):
        object.__setattr__(served.deps, "templates", Told())
        served.book = book  # type: ignore[attr-defined]
        await given(served, TOM, Message(id="t1", text="hello from Tom", name="Tom"))
        await given(served, ANA, Message(id="a1", text="hello"))
        yield served


async def log_in(window: Window, page: Page, name: str) -> None:
    """The browser has a session of this user from now on."""
    one = {"ada": ADA, "bea": BEA}[name]
    await put(page, page.book, one)  # type: ignore[attr-defined]
    key, _, value = cookie(page, one)["Cookie"].partition("=")
    await window.context.add_cookies([{"name": key, "value": value, "url": page.address}])


async def type_in(window: Window, page: Page, key: ChatKey) -> None:
    await window.goto(page.address + address(key))
    await window.fill("#text", "half a sentence")
    await window.fill("#note-text", "half a note")
    await window.fill("#label-add", "half a label")


async def shows(window: Window, *words: str) -> None:
    for field, said in zip(("#text", "#note-text", "#label-add"), words, strict=True):
        await expect(window.locator(field)).to_have_value(said)


async def test_words_from_before_there_were_users(page: Page, window: Window) -> None:
    """The page was an owner's then: the first owner who logs in here finds them, an agent does not."""
    await type_in(window, page, ANA)
    await log_in(window, page, "bea")
    await window.goto(page.address + address(ANA))
    await expect(window.locator(".me")).to_have_text("bea")
    await shows(window, "", "", "")
    await log_in(window, page, "ada")
    await window.reload()
    await expect(window.locator(".me")).to_have_text("ada")
    await shows(window, "half a sentence", "half a note", "half a label")


async def test_an_owner_who_has_typed_something_since(page: Page, window: Window) -> None:
    """Their own words come first; those from before are there once these are gone."""
    await type_in(window, page, ANA)
    await log_in(window, page, "ada")
    await window.evaluate(
        "key => sessionStorage.setItem(key, JSON.stringify({ value: { text: 'of ada' } }))",
        f"draft:ada:{address(ANA, '/orders')}",
    )
    await window.reload()
    await shows(window, "of ada", "half a note", "half a label")
    await window.fill("#text", "")
    await window.reload()
    await shows(window, "half a sentence", "half a note", "half a label")


async def left(window: Window, number: int) -> None:
    """Wait until the tab keeps so many drafts; its page may be loaded again meanwhile."""

    async def are_left() -> bool:
        try:
            return len(await window.evaluate(DRAFTS)) == number
        except Error:
            return False

    await until(are_left)


async def erased(page: Page, key: ChatKey) -> None:
    upto = (await page.log.head()).last
    await given(page, key, Erased(upto=upto, at=AT), Erased(upto=upto, at=AT, done=True))


@pytest.mark.parametrize("comes_back", [False, True])
async def test_a_chat_that_is_erased_while_another_one_is_open(page: Page, window: Window, comes_back: bool) -> None:
    """Every word that was typed for it goes, also those of another user, and also if the person has written again."""
    await log_in(window, page, "bea")
    await type_in(window, page, ANA)
    await log_in(window, page, "ada")
    await type_in(window, page, ANA)
    await window.goto(page.address + address(TOM))
    await window.fill("#text", "for Tom")
    assert len(await window.evaluate(DRAFTS)) == 7
    await erased(page, ANA)
    if comes_back:
        await given(page, ANA, Message(id="a2", text="it is me again"))
    await window.reload()  # a page looks at the beginning, and each minute
    await left(window, 1)
    await expect(window.locator("#text")).to_have_value("for Tom")
    if comes_back:
        await window.goto(page.address + address(ANA))
        await expect(window.locator("#lines .text")).to_have_text("it is me again")
        await shows(window, "", "", "")


@pytest.mark.parametrize("stays", ["nothing", "a block", "a new message"])
async def test_the_open_chat_is_erased(page: Page, window: Window, stays: str) -> None:
    """Whatever the page shows then, no word that was typed is left."""
    if stays == "a block":
        await given(page, ANA, Blocked(at=AT))
    await type_in(window, page, ANA)
    upto = (await page.log.head()).last
    events: list[Erased | Message] = [Erased(upto=upto, at=AT, admission="blocked" if stays == "a block" else "")]
    events.append(Erased(upto=upto, at=AT, done=True))
    if stays == "a new message":
        events.append(Message(id="a2", text="it is me again"))
    await given(page, ANA, *events)
    await left(window, 0)
    conversation = window.locator("#conversation")
    if stays == "nothing":
        await expect(conversation.locator(".nothing")).to_contain_text("Nothing is left of the chat")
    elif stays == "a block":
        await expect(conversation).to_contain_text("This chat was erased")
        await expect(window.locator("#text")).to_have_count(0)
        await expect(window.locator("#note-text")).to_have_value("")
    else:
        await expect(window.locator("#lines .text")).to_have_text("it is me again")
        await shows(window, "", "", "")


async def test_a_template_that_is_filled_in_half(page: Page, window: Window) -> None:
    """Escape closes the dialog, and the values are there when it is opened again, until the template was sent."""
    await window.goto(page.address + address(ANA))
    await open_template(window, "order_ready:pt_BR")
    dialog = window.locator("#asked")
    field = dialog.locator("input[name='value body:1']")
    await field.fill("half a value")
    await window.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    link = address(ANA, "/template")
    await window.evaluate("to => document.querySelector('#t').href = to", link)
    await window.locator("#t").click()
    await expect(field).to_have_value("half a value")
    await expect(dialog.locator(".preview")).to_contain_text("half a value")
    await dialog.get_by_role("link", name="Another template").click()
    await expect(dialog.get_by_role("list", name="Templates", exact=True)).to_be_visible()
    await dialog.get_by_role("link", name="hello").click()
    await dialog.get_by_role("button", name="Send the template").click()
    await expect(dialog).to_be_hidden()
    await window.locator("#t").click()
    await expect(dialog.get_by_role("list", name="Templates", exact=True)).to_be_visible()
