"""The desk in a browser that runs no scripts: every order about a chat is given in three clicks at most."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from playwright.async_api import Page as Window

from console import orders
from console.orders import OFFERED
from events.decisions import Blocked, Decision, Paused, TurnError, TurnFailed, TurnStarted
from events.inbound import Message
from events.teamwork import Resolved
from tests.console.conftest import ANA, TOM, Page
from tests.console.given import AT, address, given
from tests.console.ordering import orders as orders_of
from tests.console.people import cookie, peopled, user
from tests.console.test_template import Told

pytestmark = [pytest.mark.browser, pytest.mark.slow("a browser gives each order, wide and on a phone")]

ADA = user("ada", role="owner")
MOST_CLICKS = 3
CLOUD = "wamid.a1"

SIZES = {"wide": {"width": 1360, "height": 860}, "phone": {"width": 390, "height": 844}}

FAILED = (
    TurnStarted(turn="t1", messages=(CLOUD,), backend="chat", at=AT),
    TurnFailed(turn="t1", messages=(CLOUD,), error=TurnError(class_="timeout", detail="late"), told=False, at=AT),
)

ORDERS: dict[str, tuple[Sequence[Decision], dict[str, str], Sequence[str]]] = {
    "retry": (FAILED, {}, ("#order-retry button",)),
    "send": ((), {"#text": "words by hand"}, ("#write button.send",)),
    "send, a template": ((), {}, (".more a[href*='/template']", ".files a:text-is('hello')", "form.add button.main")),
    "assign": ((), {}, ("#order-take button",)),
    "assign, to a colleague": ((), {}, ("#order-assign button",)),
    "resolve": ((), {}, ("#order-resolve button",)),
    "snooze": ((), {}, ("#order-snooze button",)),
    "reopen": ((Resolved(state="resolved", by="ada", at=AT, cause="c1"),), {}, ("#order-reopen button",)),
    "label": ((), {"#label-add": "vip"}, ("#order-label button",)),
    "note": ((), {"#note-text": "Pays on Friday."}, ("#order-note button",)),
    "pause": ((), {}, ("#order-pause button",)),
    "resume": ((Paused(until=None, at=AT, cause="c1"),), {}, ("#order-resume button",)),
    "reset": ((), {}, ("#order-reset", ".confirm button")),
    "block": ((), {}, ("#order-block", ".confirm button")),
    "approve": ((Blocked(at=AT, cause="c1"),), {}, ("#order-approve button",)),
    "erase": ((), {"#confirm": ANA.chat}, ("#order-erase", ".confirm button")),
}
"""By order, one after the other: what was decided before, what is typed, and what is clicked; on a phone after its
person."""


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Page]:
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.1)
    monkeypatch.setattr(orders, "SENT_WITHIN", 0)
    async with peopled(tmp_path, ADA, user("bea")) as (served, _):
        object.__setattr__(served.deps, "templates", Told())
        await given(served, TOM, Message(id="t1", text="hello from Tom", name="Tom"))
        await given(served, ANA, Message(id=CLOUD, text="hello", at=datetime.now(UTC)))
        yield served


@pytest.fixture(params=SIZES)
async def window(request: pytest.FixtureRequest, browser: Browser, page: Page) -> AsyncIterator[Window]:
    """A window without scripts, in which ada is logged in."""
    context = await browser.new_context(java_script_enabled=False, viewport=SIZES[request.param])  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    key, _, value = cookie(page, ADA)["Cookie"].partition("=")
    await context.add_cookies([{"name": key, "value": value, "url": page.address}])
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def test_every_order(page: Page, window: Window) -> None:
    """It is in the log after at most three clicks, and the page says what became of it."""
    for what, (before, typed, clicks) in ORDERS.items():
        if before:
            await given(page, ANA, *before)
        await window.goto(page.address + address(ANA))
        made = 0
        for place in clicks:
            if place == clicks[0] and not await window.locator(place).is_visible():
                await window.get_by_role("link", name="Person", exact=True).click()
                made += 1
            for field, words in typed.items():
                if await window.locator(field).is_visible():
                    await window.fill(field, words)
            await window.locator(place).click()
            made += 1
        assert made <= MOST_CLICKS, what
        command = what.partition(",")[0]
        await expect(window.locator(".told").first, what).to_contain_text("The order is stored")
        assert (await orders_of(page, ANA))[-1].command == command


async def test_what_an_order_needs_is_in_the_table() -> None:
    assert {name.partition(",")[0] for name in ORDERS} == OFFERED - {"handoff"}


async def test_a_template_with_values(page: Page, window: Window) -> None:
    """What lacks is told beside its field, and what was typed stays."""
    await window.goto(page.address + address(ANA))
    await window.locator(".more a[href*='/template']").click()
    await window.get_by_role("link", name="order_ready").click()
    await window.fill("[name='value body:1']", "Ana")
    await window.get_by_role("button", name="Show with these values").click()
    await expect(window.locator(".preview")).to_contain_text("Hello Ana")
    await window.get_by_role("button", name="Send the template").click()
    await expect(window.get_by_role("alert")).to_have_text("Some values are missing.")
    await expect(window.locator("[name='value body:1']")).to_have_value("Ana")
    await window.get_by_role("link", name="Back to the chat").click()
    await expect(window.locator("#text")).to_be_visible()


async def test_why_and_back(page: Page, window: Window) -> None:
    """One click to the story of a message, and one back, with the list as it was."""
    await window.goto(page.address + address(ANA, "?list.only=waiting"))
    await window.locator("#lines a[href*='/why/']").click()
    await expect(window.get_by_role("heading", level=1)).to_have_text("What became of this message")
    await window.get_by_role("link", name="Back to the chat").click()
    await expect(window.locator("#lines .text")).to_have_text("hello")
    assert "list.only=waiting" in window.url
