"""The composer in a browser: files are chosen, dropped, pasted, shown and taken away; voice is recorded by its fake
microphone, which beeps, and reaches WhatsApp as a voice message; files of people are seen and played."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect
from playwright.async_api import Page as Window

from chat.files import file_part
from console import orders
from events.inbound import Control, Media, Message
from events.memory_log import MemoryLog
from tests import sample_files as samples
from tests.browser.test_desk import picture
from tests.console.conftest import Page, serve
from tests.console.given import address
from tests.console.given import given as happened
from tests.console.stored import Stores
from tests.doubles.graph_server import GraphDouble
from tests.gateways.cloud.gateway import ANA, TOM, cloud_gateway
from tests.gateways.replies import reply
from tests.speaking import sent_as, spoken
from tests.waiting import until

pytestmark = pytest.mark.browser

JPEG, PNG, GIF = samples.picture("JPEG"), samples.picture("PNG"), samples.picture("GIF")
VOICE = sent_as("ogg", "libopus", 48_000, spoken("one two three"))
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>top.document.title = "owned"</script></svg>'

AT_END = "pane => pane.scrollHeight - pane.scrollTop - pane.clientHeight < 2"

DROP = """([name, type, text, kind]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))], name, { type }));
    const how = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
        : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector("#text").dispatchEvent(how);
}"""


@pytest.fixture
def stores() -> Stores:
    return Stores()


@pytest.fixture
async def page(tmp_path: Path, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Page]:
    """The desk over a log in memory; no instance obeys but the test."""
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.1)
    (folder := tmp_path / "page").mkdir()
    async with serve(folder, MemoryLog()) as served:
        object.__setattr__(served.deps, "files", stores)
        await happened(served, ANA, Message(id="a1", text="Is the cake ready?"), Message(id="a2", text="Which one?"))
        await happened(served, TOM, Message(id="t1", text="hello"))
        yield served


async def sent(page: Page) -> list[Control]:
    return [one.event async for one in page.log.of_chat(ANA, 10_000) if isinstance(one.event, Control)]


async def until_sent(page: Page, number: int = 1) -> Control:
    async def there() -> bool:
        return len(await sent(page)) >= number

    await until(there)
    return (await sent(page))[-1]


def file(content: bytes, name: str) -> Any:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


async def give(window: Window, content: bytes, name: str, type_: str, kind: str) -> None:
    await window.evaluate(DROP, [name, type_, base64.b64encode(content).decode(), kind])


@pytest.mark.slow("a browser opens the inbox several times")
async def test_files_are_chosen_and_sent(page: Page, window: Window, stores: Stores) -> None:
    """Chosen, dropped and pasted; one is taken away; a wrong one is refused beside the field, and the others stay."""
    await window.goto(page.address + address(ANA))
    listed = window.locator(".attached li")
    await window.set_input_files("#files", [file(JPEG, "one.jpg"), file(GIF, "moving.gif")])
    await give(window, PNG, "two.png", "image/png", "drop")
    await give(window, JPEG, "three.jpg", "image/jpeg", "paste")
    await expect(listed).to_have_count(4)
    await expect(listed.nth(3).locator("img")).to_have_js_property("naturalWidth", 16)
    await picture(window, "composer-files")
    await listed.nth(0).get_by_role("button").click()
    await window.fill("#text", "Here they are")
    await window.press("#text", "Enter")
    await expect(window.locator("#wrong-files")).to_contain_text("“moving.gif” cannot be sent: it is a GIF")
    await expect(listed).to_have_count(3)
    assert await sent(page) == []
    assert stores.there == {}
    await listed.nth(0).get_by_role("button").click()
    await window.get_by_role("button", name="Send").dblclick()
    order = await until_sent(page)
    assert (order.text, [part.mime for part in order.parts]) == ("Here they are", ["image/png", "image/jpeg"])
    await expect(window.locator(".told")).to_contain_text("stored")
    await expect(window.locator("#text")).to_have_value("")
    await expect(listed).to_have_count(0)
    assert len(await sent(page)) == 1


@pytest.mark.slow("a browser opens the inbox several times")
async def test_a_draft_with_files_and_a_quote(page: Page, window: Window) -> None:
    """Words and quote outlive the page; files outlive another chat. A reply's link loses neither."""
    await window.goto(page.address + address(ANA))
    await window.fill("#text", "The second one")
    await window.set_input_files("#files", [file(JPEG, "one.jpg")])
    await window.locator('.lines a[href*="quote=a2"]').click()
    await expect(window.locator(".quoting q")).to_have_text("Which one?")
    await window.locator(f'.chats a[href*="{TOM.chat.partition("@")[0]}"]').first.click()
    await expect(window.locator(".attached li")).to_have_count(0)
    await expect(window.locator("#text")).to_have_value("")
    await expect(window.locator(".quoting")).to_have_count(0)
    await window.locator(f'.chats a[href*="{ANA.chat.partition("@")[0]}"]').first.click()
    await expect(window.locator(".attached li")).to_have_count(1)
    await expect(window.locator(".quoting q")).to_have_text("Which one?")
    window.on("dialog", lambda dialog: dialog.accept())
    await window.reload()
    await expect(window.locator("#text")).to_have_value("The second one")
    await expect(window.locator(".quoting q")).to_have_text("Which one?")
    await window.press("#text", "Enter")
    assert (await until_sent(page)).quote == "a2"
    await expect(window.locator(".quoting")).to_have_count(0)


@pytest.mark.slow("records for some seconds, twice")
async def test_a_recorded_voice_reaches_whatsapp(page: Page, window: Window, stores: Stores, tmp_path: Path) -> None:
    """Recorded, thrown away, recorded again, heard, sent: Graph gets Opus in Ogg with one channel."""
    async with GraphDouble() as meta, cloud_gateway(page.log, meta, tmp_path / "gateway", files=stores):
        await window.goto(page.address + address(ANA))
        panel, voice = window.locator(".recording"), window.get_by_role("button", name="Voice")
        await voice.click()
        await expect(panel.locator("output")).not_to_have_text("0:00")
        await panel.get_by_role("button", name="Cancel").click()
        await expect(panel).to_be_hidden()
        await voice.click()
        await expect(panel.locator("output")).not_to_have_text("0:00")
        await window.press("#text", "Enter")
        await expect(window.locator("#wrong-voice")).to_have_text("Stop the recording first.")
        await panel.get_by_role("button", name="Stop").click()
        await expect(panel.locator("audio")).to_have_js_property("error", None)
        await picture(window, "composer-voice")
        await window.get_by_role("button", name="Send").click()
        order = await until_sent(page)
        (part,) = order.parts
        assert (part.voice, part.mime) == (True, "audio/ogg; codecs=opus")
        content = stores.there[part.object or ""]
        assert file_part(content, "voice.ogg", kind="voice").kind == "audio"
        said = reply("v1", ANA, text="a voice message", author="operator", parts=order.parts, cause=order.id)
        await happened(page, ANA, said)
        await meta.until_taken(1)
        assert [(one.mime, one.size) for one in meta.uploads.taken] == [("audio/ogg; codecs=opus", len(content))]
        assert meta.taken[0].object["voice"] is True
        assert meta.violations == []
        await expect(window.locator(".lines audio")).to_have_count(1)


async def test_files_of_people(page: Page, window: Window, stores: Stores) -> None:
    """A picture is seen, a voice note is played with its ranges, a drawing with a script is a download."""
    for name, content in {"p": JPEG, "v": VOICE, "s": SVG}.items():
        stores.put(content, name)
    await happened(
        page, ANA,
        Message(id="p", kind="image", media=Media(object="p", mime="image/jpeg")),
        Message(id="v", kind="audio", media=Media(object="v", mime="audio/ogg; codecs=opus", voice=True)),
        Message(id="s", kind="image", media=Media(object="s", mime="image/svg+xml", filename="drawing.svg")),
    )  # fmt: skip
    await window.goto(page.address + address(ANA))
    await expect(window.locator(".media img")).to_have_js_property("naturalWidth", 16)
    played = "(audio) => audio.play().then(() => audio.duration > 0)"
    assert await window.locator(".media audio").evaluate(played)
    async with window.expect_download() as downloading:
        await window.get_by_role("link", name="drawing.svg", exact=True).click()
    assert (await downloading.value).suggested_filename == "drawing.svg"
    assert await window.title() != "owned"


@pytest.mark.slow("a browser opens a chat of thirty messages while a picture is held back")
async def test_the_end_stays_in_sight(page: Page, window: Window, stores: Stores) -> None:
    """While a picture comes after the page, and while the composer grows; a reader further up is not moved."""
    stores.put(samples.picture("JPEG", size=(600, 800)), "p")
    await happened(page, ANA, *(Message(id=f"n{number}", text=f"message {number}") for number in range(30)))
    await happened(
        page, ANA, Message(id="p", kind="image", text="this one", media=Media(object="p", mime="image/jpeg"))
    )
    may_come = asyncio.Event()

    async def later(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await window.route("**/media/*", later)
    await window.goto(page.address + address(ANA), wait_until="domcontentloaded")
    await expect(window.locator("#show-keys")).to_be_visible()  # the scripts run
    may_come.set()
    await expect(window.locator(".media img")).to_have_js_property("naturalHeight", 800)
    at_end = f"() => ({AT_END})(document.querySelector('#conversation'))"
    await window.wait_for_function(at_end)
    await window.set_input_files("#files", [file(PNG, "cake.png")])
    await expect(window.locator(".attached li")).to_have_count(1)
    await window.get_by_text("Choices", exact=True).click()
    await window.wait_for_function(at_end)
    await window.locator("[data-id=n3]").evaluate("line => line.scrollIntoView({ block: 'center' })")
    await expect(window.locator(".below")).to_be_visible()
    place = await window.locator("[data-id=n3]").bounding_box()
    await window.fill("#text", "one\ntwo\nthree\nfour\nfive")
    await window.wait_for_timeout(100)  # nothing is to happen
    assert await window.locator("[data-id=n3]").bounding_box() == place


async def test_a_picture_has_its_place_before_it_comes(page: Page, window: Window, stores: Stores) -> None:
    """So a late one moves nothing."""
    stores.put(samples.picture("JPEG", size=(600, 800)), "p")
    await happened(page, TOM, Message(id="p", kind="image", media=Media(object="p", mime="image/jpeg")))
    may_come = asyncio.Event()

    async def later(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await window.route("**/media/*", later)
    await window.goto(page.address + address(TOM), wait_until="domcontentloaded")
    picture, size = window.locator(".media img"), "img => [img.clientWidth, img.clientHeight]"
    before = await picture.evaluate(size)
    may_come.set()
    await expect(picture).to_have_js_property("naturalHeight", 800)
    assert await picture.evaluate(size) == before == [320, 240]


@pytest.mark.slow("a browser opens the inbox several times")
async def test_without_script(page: Page, browser: Browser) -> None:
    """A file is chosen and sent with words; a refusal says that it has to be chosen again."""
    context = await browser.new_context(java_script_enabled=False)
    try:
        window = await context.new_page()
        await window.goto(page.address + address(ANA))
        await window.fill("#text", "The cake")
        await window.set_input_files("#files", [file(GIF, "cake.gif")])
        await window.click("button.send")
        await expect(window.locator("#wrong-files")).to_contain_text("cake.gif")
        await expect(window.locator("#again")).to_be_visible()
        await window.set_input_files("#files", [file(JPEG, "cake.jpg")])
        await window.click("button.send")
        (part,) = (await until_sent(page)).parts
        assert (part.kind, part.caption) == ("image", "The cake")
    finally:
        await context.close()
