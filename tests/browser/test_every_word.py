"""Every word of the phones' page is a translated one, or data, also what its scripts say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser, Route, expect

from console import languages
from events.inbound import Message
from events.log import LogFull
from events.phrases import Phrase
from events.subjects import ChatKey
from gateways.local.simulator import CONTACTS
from tests.catalogs import forms, messages, words
from tests.console.conftest import ANA, serve
from tests.console.conftest import Page as Served
from tests.console.given import given
from tests.console.marking import TAG, Marking, bare, marked
from tests.console.whole_desk import story_of_ana, story_of_tom

pytestmark = pytest.mark.browser

AT = datetime.now(UTC)
EVA = ChatKey("local", "4930901820@s.whatsapp.net")

NAMES = {
    "recado", "English", "Español", "Português", "UTC", "kB", "MB", "WhatsApp", "min", "ms",
    "OpenAI",  # its name
    "gpt", "luna",  # the model
    "Location",  # as in the words that the model is told of a place
    "Hoje",  # the browser's own word
    "https", "ana", "el", "png", "PNG", "lid", "whatsapp", "net",
    *(word for one in CONTACTS for word in one.name.split()),
    *("".join(word[0] for word in one.name.split()) for one in CONTACTS),
}  # fmt: skip


def script() -> bytes:
    """The words of the scripts, each between marks."""
    said: dict[str, str | list[str]] = {}
    for one in messages(words()):
        parts = [marked(form) for form in forms(one.id)]
        said[forms(one.id)[0]] = parts if len(parts) > 1 else parts[0]
    return b"globalThis.recadoWords = " + msgspec.json.encode(said) + b";\n"


@pytest.fixture
async def marking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.setitem(languages._TRANSLATES, TAG, Marking())
    monkeypatch.setitem(languages.SCRIPTS, TAG, script())
    async with serve(tmp_path) as page:
        await given(page, ANA, *story_of_ana())
        await given(page, EVA, *story_of_tom())
        yield page


async def test_every_word_of_the_phones(browser: Browser, marking: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the chats, in their events, and while recado takes no work, stores nothing or does not answer."""
    context = await browser.new_context(extra_http_headers={"Cookie": f"language={TAG}"})
    context.set_default_timeout(60_000)
    await context.add_cookies([{"name": "language", "value": TAG, "url": marking.address}])
    window = await context.new_page()
    found: dict[str, str] = {}

    async def read(where: str) -> None:
        for word in set(bare(await window.content())) - NAMES:
            found.setdefault(word, where)

    state = window.locator("#state")
    await window.goto(marking.address)
    await expect(state).to_have_attribute("data-state", "ready")
    assert await window.locator("html").get_attribute("lang") == TAG
    for key in (ANA, EVA):
        await window.goto(f"{marking.address}/#{key.chat}")
        await window.reload()
        await expect(window.locator("#turns li").first).to_be_visible()
        await expect(window.locator("#lines .line").first).to_be_visible()
        await read(key.chat)

    marking.troubles.append(Phrase("the connection to NATS is lost; it is tried again"))
    await expect(state).to_have_attribute("data-state", "waiting")
    await read("no work")
    marking.troubles.clear()

    async def full(*_: object, **__: object) -> None:
        raise LogFull(Phrase("the log is full: maximum bytes exceeded"))

    with monkeypatch.context() as patched:
        patched.setattr(marking.log, "publish", full)
        await window.fill("#text", "ψωμί")
        await window.press("#text", "Enter")
        await expect(window.locator(".unsent")).to_be_visible()
        await read("not stored")

    async def gone(route: Route) -> None:
        await route.abort()

    await window.route("**/api/**", gone)
    await window.fill("#text", "κι άλλο")
    await window.press("#text", "Enter")
    await expect(window.locator(".unsent")).to_have_count(2)
    await read("no answer")
    await given(marking, ANA, Message(id="z9", text="γεια"))
    await window.reload()
    await expect(state).to_have_attribute("data-state", "lost")
    await read("lost")
    await context.close()
    assert not found, "\n".join(f"{word}: {where}" for word, where in sorted(found.items()))
