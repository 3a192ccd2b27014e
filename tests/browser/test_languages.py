"""The desk in its other languages: longer words break no layout, and scripts and forms speak them too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from console.languages import LANGUAGES
from events.decisions import Attention, Paused, TurnError, TurnFailed, TurnStarted
from events.inbound import Message
from events.teamwork import Assigned, Labelled, Noted
from tests.browser.test_accessibility import told
from tests.console.conftest import ANA, TOM, serve
from tests.console.conftest import Page as Served
from tests.console.given import address, given, reply

pytestmark = pytest.mark.browser

AT = datetime.now(UTC)


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncIterator[Served]:
    """A desk with a chat in which there is much to be said."""
    async with serve(tmp_path) as page:
        await fill(page)
        yield page


async def fill(page: Served) -> None:
    await given(
        page, ANA,
        Message(id="a1", text="hello", name="Ana Lima"),
        TurnStarted(turn="t1", messages=("a1",), backend="chat", at=AT),
        reply(ANA, "t1.r", "good day", "a1", turn="t1"), Message(id="a2", text="again"),
        TurnStarted(turn="t2", messages=("a2",), backend="chat", at=AT),
        TurnFailed(
            turn="t2", messages=("a2",), error=TurnError(class_="rate_limited", detail="slow"), told=False, at=AT
        ),
        Attention(id="a2.h", text="Wants a refund", by="model", at=AT, messages=("a2",)), Paused(until=None, at=AT),
        Assigned(to="bea", at=AT),
        Labelled(add=("vip",), remove=(), at=AT), Noted(id="n1", text="no nuts", at=AT, by="bea"),
    )  # fmt: skip
    await given(page, TOM, Message(id="t1", text="hello", name="Tom"))


@pytest.mark.parametrize("tag", [language.tag for language in LANGUAGES[1:]])
async def test_longer_words_break_no_layout(browser: Browser, busy: Served, tag: str) -> None:
    """axe finds nothing, and nothing is wider than a phone of 320 pixels."""
    context = await browser.new_context(locale=tag, viewport={"width": 320, "height": 640}, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    window = await context.new_page()
    found = []
    for path in (
        address(ANA),
        address(ANA, "?pane=person"),
        address(ANA, "?pane=list"),
        "/desk/settings",
        "/desk/numbers",
    ):
        await window.goto(busy.address + path)
        assert await window.locator("html").get_attribute("lang") == tag
        await window.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        wide = await window.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, f"{path} is to be scrolled sideways"
        await window.evaluate(Axe().axe_script)
        violations = await window.evaluate("async () => (await axe.run({ resultTypes: ['violations'] })).violations")
        found += [f"{path} {told(one)}" for one in violations]
    await context.close()
    assert not found, "\n".join(found)


async def test_the_choice_of_a_language_holds_for_pages_and_scripts(window: Page, busy: Served) -> None:
    """It leads back to the page that has the form; scripts say their words in it."""
    await window.goto(busy.address + address(ANA))
    await window.get_by_label("Language").filter(visible=True).select_option("es")
    await window.get_by_role("button", name="Change", exact=True).click()
    await window.wait_for_url("**" + address(ANA).replace("%40", "*"))
    assert await window.locator("html").get_attribute("lang") == "es"
    assert await window.get_by_label("Idioma").filter(visible=True).input_value() == "es"
    said = "import('/static/words.js').then(({ _ }) => _('Sending …'))"
    assert await window.evaluate(said) == "Enviando …"
