"""The desk in a browser, on a real recado: a human takes a chat over, pauses, searches, asks why, erases.

The pictures of docs/console.md are taken on the way, into the folder that RECADO_SCREENSHOTS names, or thrown away.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from events.inbound import Control, Edit, Message, Revoke
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.subjects import ChatKey
from tests.browser.test_screenshot import written
from tests.chaos.process import Recado, asks, recado
from tests.doubles.openai_server import OpenAIDouble

pytestmark = pytest.mark.browser

ANA = "5511999999999"
KEY = ChatKey("local", f"{ANA}@s.whatsapp.net")
PASSWORD = "correct-horse-battery"


@pytest.fixture
async def up(tmp_path: Path) -> AsyncIterator[Recado]:
    """A recado whose model is a double of OpenAI's; Ana has asked something and has the answer."""
    settings = {"RECADO_DEBOUNCE": "0", "RECADO_TAKEOVER": "30m", "OPENAI_API_MODE": "chat"}
    async with OpenAIDouble(reply=written) as double:
        with recado(tmp_path / "recado", command="up", **(asks(double) | settings)) as process:
            await process.started()
            await said(process, "Good morning! Are you open on Sundays?", "--id", "m1")
            yield process


async def said(up: Recado, text: str, *more: str) -> None:
    ended = await up.run("say", ANA, text, *more)
    assert ended.code in (0, 1), ended


async def open_log(up: Recado) -> tuple[JetStreamLog, Bus]:
    address = up.embedded_bus()
    bus = await Bus.open(address.url, token=address.token)
    return await JetStreamLog.open(bus), bus


async def desk(up: Recado, window: Page, path: str = "") -> str:
    """Open a page of the desk; its address."""
    address = (await up.said("started"))["page"]
    await window.goto(f"{address}/desk{path}")
    return str(address)


async def picture(window: Page, name: str) -> None:
    """Keep what the window shows, if anybody wants it."""
    folder = os.environ.get("RECADO_SCREENSHOTS")
    image = await window.screenshot(path=Path(folder) / f"{name}.png" if folder else None, animations="disabled")
    assert len(image) > 5_000


async def open_chat(up: Recado, window: Page) -> None:
    await desk(up, window)
    await window.get_by_role("link", name="+5511999999999").click()
    await expect(window.locator("#with")).to_have_text("+5511999999999")


async def test_a_human_takes_over_and_gives_back(up: Recado, window: Page) -> None:
    """What is typed goes to the person; the bot is silent until the chat is given back; the page follows by itself."""
    await open_chat(up, window)
    await window.fill("#text", "This is Ana of the shop.\nI will look into it.")
    await window.press("#text", "Enter")
    await expect(window.locator(".told")).to_have_text("Sent. The bot is paused here for now.")
    await expect(window.locator(".operator .text")).to_have_text("This is Ana of the shop.\nI will look into it.")
    await expect(window.locator(".who .standing")).to_contain_text("The bot is paused until")
    await said(up, "Thank you, Ana!")
    await expect(window.locator(".person .text").last).to_have_text("Thank you, Ana!")
    await expect(window.locator(".ended").last).to_contain_text("a human had the chat")
    await window.get_by_role("button", name="Resume").click()
    await expect(window.locator(".told")).to_contain_text("the bot answers again")
    await said(up, "Good morning again")
    await expect(window.locator(".assistant .text")).to_have_count(2)
    history = json.loads((await up.run("events", "--type", "resumed", "--json")).out)
    assert [event["payload"]["by"] for event in history] == ["page"]


async def test_pausing(up: Recado, window: Page) -> None:
    """For a time or until resumed; blocked and let in again."""
    await open_chat(up, window)
    await window.select_option("#minutes", label="until resumed")
    await window.get_by_role("button", name="Pause", exact=True).click()
    await expect(window.locator(".who .standing")).to_contain_text("Paused until it is resumed")
    await expect(window.get_by_role("button", name="Retry what failed")).to_have_count(0)
    await window.get_by_role("button", name="Resume").click()
    await expect(window.get_by_role("button", name="Resume")).to_have_count(0)
    await window.get_by_role("link", name="Block").click()
    await window.get_by_role("button", name="Block").click()
    await expect(window.locator(".who .standing")).to_contain_text("Blocked")
    await window.get_by_role("button", name="Unblock").click()
    await expect(window.locator(".who .standing")).to_contain_text("Approved")
    await window.get_by_role("link", name="New conversation").click()
    await window.get_by_role("button", name="New conversation").click()
    await expect(window.locator(".told")).to_contain_text("starts a new conversation")


async def test_edits_and_deletions_are_shown(up: Recado, window: Page) -> None:
    """The open page shows it as it happens."""
    await open_chat(up, window)
    log, bus = await open_log(up)
    await log.publish(KEY, Edit(id="e1", of="m1", text="Are you open on Mondays?"), msg_id="e1")
    await expect(window.locator(".person .text")).to_have_text("Are you open on Mondays?")
    await expect(window.locator(".person .meta")).to_contain_text("edited")
    await log.publish(KEY, Revoke(id="v1", of="m1"), msg_id="v1")
    await expect(window.locator(".person")).to_contain_text("deleted by its sender")
    await log.close()
    await bus.close()


async def test_chats_that_wait_for_a_human(up: Recado, window: Page) -> None:
    """They are a filter with a count, and each has its reason, without the page being loaded again."""
    await desk(up, window)
    log, bus = await open_log(up)
    await log.publish(KEY, Message(id="m2", text="I want a refund", name="Ana Lima"), msg_id="m2")
    await log.publish(KEY, Control(id="c1", command="handoff", text="Wants a refund", by="tool:shop"), msg_id="c1")
    await window.get_by_role("link", name="Needs a human 1").click()
    row = window.locator(".chats a")
    await expect(row).to_contain_text("Wants a refund")
    await row.click()
    await expect(window.locator(".who .standing")).to_contain_text("Waits for a human: Wants a refund")
    await expect(row).to_have_attribute("aria-current", "page")
    await log.close()
    await bus.close()


async def test_asked_why(up: Recado, window: Page) -> None:
    """From a message to its story, which comes over the chat, and back."""
    await open_chat(up, window)
    await window.get_by_role("link", name="why?").first.click()
    story = window.locator(".story")
    await expect(story).to_contain_text("waited")
    await expect(story).to_contain_text("tokens")
    await picture(window, "desk-why")
    await window.keyboard.press("Escape")
    await expect(story).to_be_hidden()
    await expect(window.get_by_role("link", name="why?").first).to_be_focused()


async def test_searching(up: Recado, window: Page) -> None:
    """Words lead to the place where they were said."""
    await desk(up, window)
    await window.keyboard.press("/")
    await window.keyboard.type("sundays")
    await window.keyboard.press("Enter")
    await window.locator(".found a").first.click()
    await expect(window.locator(".lines li.sought .text")).to_contain_text("on Sundays")


async def test_erasing(up: Recado, window: Page) -> None:
    """Only a person who types the chat's name; then it is in no list."""
    await open_chat(up, window)
    await window.get_by_role("link", name="Erase").click()
    await window.fill("#confirm", "yes")
    await window.get_by_role("button", name="Erase").click()
    await expect(window.get_by_role("alert")).to_contain_text("Nothing was erased")
    await window.fill("#confirm", "+5511999999999")
    await window.get_by_role("button", name="Erase").click()
    await expect(window.locator(".told")).to_contain_text("Erased")
    await expect(window.locator("#content")).to_contain_text("Nobody has written yet")


async def test_numbers_instances_settings(up: Recado, window: Page) -> None:
    """Each has its own address, and the way back leads back."""
    await desk(up, window)
    await window.get_by_role("link", name="Numbers").click()
    await window.get_by_role("link", name="7 days").click()
    await expect(window.locator("figure").first).to_contain_text("messages 1")
    await expect(window.locator("rect").first).to_be_visible()
    await picture(window, "desk-numbers")
    await window.get_by_role("link", name="Instances").click()
    await expect(window.locator("tbody tr")).to_have_count(1)
    await expect(window.locator("tbody tr")).to_contain_text("answers chats")
    await window.get_by_role("link", name="Settings").click()
    await expect(window.get_by_role("row", name="OPENAI_API_KEY")).to_contain_text("set")
    assert "sk-" not in await window.content()
    await window.go_back()
    await window.go_back()
    await expect(window.get_by_role("heading", level=1)).to_have_text("Numbers")


async def test_by_keyboard_alone(up: Recado, window: Page) -> None:
    """From the list to the chat and a word by hand; what has the focus is seen."""
    await desk(up, window)
    await window.keyboard.press("ArrowDown")
    await expect(window.locator(".chats a:focus-visible")).to_have_count(1)
    await window.keyboard.press("Enter")
    await expect(window.locator(".write")).to_be_visible()
    await window.keyboard.press("r")
    await window.keyboard.type("by keyboard")
    await window.keyboard.press("Enter")
    await expect(window.locator(".operator .text")).to_have_text("by keyboard")


async def test_on_a_phone(up: Recado, browser: Browser) -> None:
    """360 pixels in the dark: nothing is to be scrolled sideways but tables in their own frame, and no script is
    needed."""
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    how = {"viewport": {"width": 360, "height": 640}, "color_scheme": "dark"}
    bare = await browser.new_context(**how, java_script_enabled=False)  # type: ignore[arg-type]
    context = await browser.new_context(**how)  # type: ignore[arg-type]
    plain, window = await bare.new_page(), await context.new_page()
    for path in ("", "/numbers", "/instances", "/settings", f"/chats/local/{ANA}%40s.whatsapp.net"):
        await desk(up, plain, path)
        await expect(plain.locator("#content")).to_be_visible()
        await desk(up, window, path)
        assert not await window.evaluate(wide), path
    await bare.close()
    await context.close()


async def test_the_password(tmp_path: Path, window: Page) -> None:
    """Asked first; a wrong one is told; then the page that was wanted."""
    with recado(tmp_path / "recado", command="up", RECADO_PAGE_PASSWORD=PASSWORD) as up:
        await up.started()
        await desk(up, window, "/numbers")
        await window.fill("#password", "open sesame")
        await window.get_by_role("button", name="Log in").click()
        await expect(window.get_by_role("alert")).to_have_text("That is not the password.")
        await window.fill("#password", PASSWORD)
        await window.keyboard.press("Enter")
        await expect(window.get_by_role("heading", level=1)).to_have_text("Numbers")
        await window.get_by_role("button", name="Log out").click()
        await expect(window.locator("#password")).to_be_visible()


async def test_without_a_stream(up: Recado, window: Page) -> None:
    """Where recado has no room for another one, a chat is looked at every few seconds."""

    async def refuse(route) -> None:  # type: ignore[no-untyped-def]
        await route.fulfill(status=429, json={"error": "32 live streams are open"})

    await window.route("**/stream?*", refuse)
    await desk(up, window, f"/chats/local/{ANA}%40s.whatsapp.net")
    await said(up, "And on Mondays?", "--id", "m2")
    await expect(window.locator("#content")).to_contain_text("And on Mondays?")


async def test_logged_out_elsewhere(tmp_path: Path, window: Page) -> None:
    """The stream of an open chat ends with the session, and the page says so and leads to the form."""
    with recado(tmp_path / "recado", command="up", RECADO_PAGE_PASSWORD=PASSWORD) as up:
        await up.started()
        await said(up, "hello", "--id", "m1")
        await desk(up, window, f"/chats/local/{ANA}%40s.whatsapp.net")
        await window.fill("#password", PASSWORD)
        await window.keyboard.press("Enter")
        await expect(window.locator("#content")).to_contain_text("hello")
        other = await window.context.new_page()
        await desk(up, other)
        await other.get_by_role("button", name="Log out").click()
        await expect(other.locator("#password")).to_be_visible()
        await window.get_by_role("link", name="Log in again").click()
        await expect(window.locator("#password")).to_be_visible()
