"""Replies that are more than text, on the simulated phones: drawn, tapped with the finger and the keyboard, never run.

The pictures of docs/console.md are taken on the way, into the folder that RECADO_SCREENSHOTS names, or thrown away.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.async_api import Page as Window
from playwright.async_api import expect

from chat.parts import reading
from console.bubbles import bubbles_of
from events.files import File
from events.inbound import Message
from events.parts import Option, Parameters, Part
from events.references import Choice
from tests.browser.phone import Phone
from tests.chaos.process import recado
from tests.chat.parts import parts
from tests.console.conftest import ANA, Page, serve
from tests.console.given import given as happened
from tests.console.stored import file_of
from tests.gateways.replies import reply
from tests.waiting import until

pytestmark = pytest.mark.browser

LOAF = """<body style="margin:0;background:#e9dcc6"><svg viewBox="0 0 400 260" width="400" height="260">
<rect y="190" width="400" height="70" fill="#b98a5a"/><ellipse cx="200" cy="196" rx="150" ry="16" fill="#8f653d"/>
<path d="M60 190c-14-70 50-130 140-130s154 60 140 130z" fill="#b5702f"/>
<path d="M74 178c-4-54 50-100 126-100s130 46 126 100z" fill="#c98441"/><g stroke="#f3dcb4" stroke-width="11"
stroke-linecap="round"><path d="m128 142 26-44m36 34 20-46m38 46 20-38"/></g></svg></body>"""
PICTURE, PDF, GONE = (f"LIBRARY/{digit * 64}" for digit in "123")
BREADS = tuple(Option(id=title[0].lower(), title=title) for title in ("Small", "Medium", "Large"))
TIMES = tuple(
    Option(id=f"t{hour}", title=f"{hour}:00", description="fresh from the oven" if hour == 8 else None)
    for hour in range(7, 12)
)
RYE = Part(kind="image", object=PICTURE, mime="image/png", caption="Our rye, this morning")
PRICES = Part(kind="document", object=PDF, mime="application/pdf", filename="Prices in autumn.pdf")
PLACE = Part(
    kind="location", latitude=-23.5558, longitude=-46.6622, name="Bakery", address="Rua Augusta 100, São Paulo"
)
OTHERS = (
    Part(kind="image", object=GONE, mime="image/png"),
    Part(kind="image", url="https://elsewhere.example/cake.jpg", caption="A cake"),
    Part(kind="contact", name="Maria Souza", phones=("+55 11 99999-0001",)),
    Part(kind="link", text="You can pay here.", url="https://pay.example/1", title="Pay now"),
    Part(kind="template", name="order_ready", language="pt_BR", parameters=Parameters(body=("Ana", "12"))),
    Part(kind="carousel", text="of a newer version"),
)


class Kept:
    """The object stores, with one picture and one document."""

    def __init__(self, picture: bytes) -> None:
        self._objects = {PICTURE: picture, PDF: b"%PDF-1.7" + bytes(183_000)}

    async def find(self, object: str) -> File | None:  # noqa: A002
        return file_of(self._objects[object]) if object in self._objects else None

    async def size(self, account: str, object: str) -> int | None:  # noqa: A002
        return len(self._objects[object]) if object in self._objects else None

    async def arrived(self, name: str) -> None:
        return None


@pytest.fixture
async def page(tmp_path: Path, window: Window) -> AsyncIterator[Page]:
    """A page without a model; what the business says, the test says."""
    await window.set_viewport_size({"width": 400, "height": 260})
    await window.set_content(LOAF)
    kept = Kept(await window.screenshot())
    await window.set_viewport_size({"width": 1360, "height": 1000})
    async with serve(tmp_path) as served:
        object.__setattr__(served.deps, "files", kept)
        yield served


async def says(page: Page, id_: str, *said: Part, **more: Any) -> None:
    await happened(page, ANA, reply(id_, text=reading(said), parts=said, **more))


async def taps(page: Page) -> list[tuple[str | None, Choice | None, str | None]]:
    """What the person tapped: the words, the choice and the reply that asked."""
    found = [one.event async for one in page.log.of_chat(ANA, 10_000)]
    return [(one.text, one.choice, one.quoted) for one in found if isinstance(one, Message) and one.choice is not None]


async def test_parts_on_a_phone(page: Page, window: Window) -> None:
    """Files, quotes, reactions and places are drawn; nobody else is asked for anything; and all of it is there after
    the page was opened again."""
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    await happened(page, ANA, Message(id="m1", text="What is there, and where?", name="Ana Lima"))
    await says(page, "r1", RYE, PRICES, in_reply_to=("m1",), quote="m1")
    await says(page, "r2", Part(kind="reaction", to="m1", emoji="❤️"))
    await says(page, "r3", PLACE)
    phone = Phone(window)
    await phone.open(f"{page.address}/#{ANA.chat}")
    image = phone.theirs.locator("img")
    await expect(image).to_have_js_property("naturalWidth", 400)
    assert await image.get_attribute("alt") == "", "its caption says it"
    card = phone.theirs.locator("a.download")
    await expect(card).to_have_text("Prices in autumn.pdfPDF · 183 kB")
    async with window.expect_download() as downloading:
        await card.click()
    assert (await downloading.value).suggested_filename == "Prices in autumn.pdf"
    await expect(phone.theirs.locator("blockquote")).to_have_text("YouWhat is there, and where?")
    await expect(phone.mine.get_by_role("img", name="Reaction ❤️")).to_be_visible()
    await expect(phone.theirs).to_have_count(3)
    await expect(phone.theirs.nth(1)).to_be_hidden()
    where = phone.theirs.locator("a.place")
    await expect(where).to_have_attribute("href", "https://maps.google.com/?q=-23.5558%2C-46.6622")
    await picture(window, "phone-files")
    await says(page, "r4", *OTHERS)
    last = phone.theirs.last
    await expect(last).to_contain_text("The file cannot be shown.")
    await expect(last.locator("a.where")).to_have_attribute("href", "https://elsewhere.example/cake.jpg")
    await expect(last.locator("a.choice")).to_have_attribute("rel", "noopener noreferrer nofollow")
    await expect(last).to_contain_text("of a newer version")
    shown = await window.locator(".line").all_inner_texts()
    await window.reload()
    await expect(last).to_contain_text("The file cannot be shown.")
    assert await window.locator(".line").all_inner_texts() == shown
    assert {url for url in asked if not url.startswith(page.address)} == set()


TWICE = """() => {
    const button = [...document.querySelectorAll("button.choice")].find((one) => one.textContent === "Medium");
    button.click();
    button.click();
    setTimeout(() => button.click(), 25);
}"""


async def test_choices_are_tapped(page: Page, window: Window) -> None:
    """A double tap is one message, and the button looks answered; the keyboard reaches the list and its rows."""
    await happened(page, ANA, Message(id="m1", text="A rye for Sunday, please", name="Ana Lima"))
    await says(
        page, "r1", Part(kind="choices", text="Gladly. Which size may it be?", choices=BREADS), in_reply_to=("m1",)
    )
    phone = Phone(window)
    await phone.open(f"{page.address}/#{ANA.chat}")
    await expect(phone.theirs.get_by_role("button")).to_have_count(3)
    await window.evaluate(TWICE)
    chosen = phone.theirs.get_by_role("button", name="Medium (chosen)", disabled=True)
    await expect(chosen).to_be_visible()
    await expect(phone.said("Medium").locator("blockquote")).to_have_text("recadoGladly. Which size may it be?")
    await expect(phone.said("Medium")).to_have_attribute("data-tick", "logged")
    medium = ("Medium", Choice(id="m", title="Medium"), "r1")
    assert await taps(page) == [medium]

    await says(page, "r2", Part(kind="choices", text="When will you come?", choices=TIMES, button="Times"))
    opener = phone.theirs.locator("summary")
    await expect(opener).to_be_visible()
    await chosen.focus()
    while not await opener.evaluate(FOCUSED):
        await window.keyboard.press("Tab")
    await window.keyboard.press("Enter")
    await expect(phone.theirs.locator("details li")).to_have_count(5)
    await opener.blur()
    await picture(window, "phone-choices")
    await opener.focus()
    await window.keyboard.press("Tab")
    await window.keyboard.press("Tab")
    await window.keyboard.press("Enter")
    await expect(phone.said("8:00")).to_have_attribute("data-tick", "logged")
    eight = ("8:00 (fresh from the oven)", Choice(id="t8", title="8:00", source="list"), "r2")
    await until(lambda: taps_are(page, [medium, eight]))
    assert await opener.evaluate(FOCUSED), "the focus did not get lost"


FOCUSED = "(element) => element === document.activeElement"


async def picture(window: Window, name: str) -> None:
    """Keep what the phone shows, if anybody wants it."""
    folder = os.environ.get("RECADO_SCREENSHOTS")
    path = Path(folder) / f"{name}.png" if folder else None
    await window.mouse.move(0, 0)
    image = await window.locator(".screen").screenshot(path=path, animations="disabled")
    assert len(image) > 5_000


async def taps_are(page: Page, expected: list[Any]) -> bool:
    return await taps(page) == expected


_WORDS = st.one_of(
    st.text(max_size=20),
    st.sampled_from([
        "<img src=x onerror=document.title='owned'>", "</span><script>document.title='owned'</script>",
        "javascript:document.title='owned'", "data:text/html,<script>document.title='owned'</script>",
        " JavaScript:alert(1)", "https://elsewhere.example/a.png", "http://[", "//elsewhere.example/a",
        "&lt;b&gt;", "\x00\u202e",
    ]),
)  # fmt: skip
_MAYBE = st.one_of(st.none(), _WORDS)
_KINDS = st.sampled_from([
    "text", "image", "video", "audio", "document", "sticker", "location", "contact", "choices", "link", "template",
    "reaction", "carousel", "constructor", "__proto__", "toString", "<b>", "",
])  # fmt: skip
_ANY = st.builds(
    Part,
    kind=_KINDS,
    text=_MAYBE, object=_MAYBE, url=_MAYBE, mime=_MAYBE, filename=_MAYBE, caption=_MAYBE, name=_MAYBE, address=_MAYBE,
    button=_MAYBE, title=_MAYBE, language=_MAYBE, to=_MAYBE, emoji=_MAYBE, voice=st.booleans(),
    latitude=st.one_of(st.none(), st.floats(-90, 90)),
    longitude=st.one_of(st.none(), st.floats(-180, 180)),
    phones=st.lists(_WORDS, max_size=2).map(tuple),
    choices=st.lists(st.builds(Option, id=_WORDS, title=_WORDS, description=_MAYBE), max_size=3).map(tuple),
    parameters=st.sampled_from([None, Parameters(body=("a", "<b>")), Parameters(header=("<a>",), body={"n": "<i>"})]),
)  # fmt: skip
"""Parts as anyone on the bus may write them."""

DRAWN = """async (bubbles) => {
    const { drawn, wordsOf } = await import("/static/parts.js");
    const { el } = await import("/static/elements.js");
    const may = new Set("a audio button code details div img li span strong summary svg path ul video".split(" "));
    const isOurs = (address) => address.startsWith("/api/");
    const isSafe = { src: isOurs, href: (address) => isOurs(address) || /^https?:[/][/]/i.test(address) };
    const faults = [];
    const judge = (element, bubble) => {
        if (!may.has(element.localName)) faults.push([element.localName, bubble]);
        for (const { name, value } of element.attributes) {
            if (/^(on|style|srcdoc)/.test(name) || isSafe[name]?.(value) === false) faults.push([name, value, bubble]);
        }
        const leads = element.getAttribute("href");
        if (leads && !isOurs(leads) && !element.rel.includes("noopener")) faults.push(["rel", bubble]);
    };
    const both = (tapped) => [true, false].map((there) => ({ tapped: new Set(tapped), there }));
    const ways = [...both([]), ...both(["x", ""])];
    for (const bubble of bubbles) for (const { tapped, there } of ways) {
        try {
            const { body, under } = drawn(bubble, { tapped, gone: new Set(there ? [] : [bubble.file]), canTap: there });
            for (const element of el("div", {}, ...body, under).querySelectorAll("*")) judge(element, bubble);
            if (typeof wordsOf(bubble) !== "string") faults.push(["no words", bubble]);
        } catch (error) { faults.push([String(error), bubble]); }
    }
    const { Conversation } = await import("/static/conversation.js");
    const { ChatView } = await import("/static/chat_view.js");
    const chat = new Conversation("1@s.whatsapp.net");
    bubbles.forEach((bubble, at) => {
        const payload = { id: `r${at}`, author: "assistant", text: "x", in_reply_to: [], quote: bubble.part.to };
        const event = { seq: at + 1, side: "o", type: "reply", at: "2026-09-01T12:00:00Z", known: true };
        chat.fold({ ...event, payload, bubbles: [bubble] });
    });
    new ChatView(document, {}).show(chat);
    const missing = [...document.querySelectorAll("#lines .note")].map((note) => note.textContent);
    return [...faults, ...missing].slice(0, 5);
}"""


async def test_every_part_can_be_drawn(page: Page, window: Window) -> None:
    """Sound ones in WhatsApp's limits and any others as they are: no exception, no markup, no address of others that is
    fetched or run."""
    bubbles: list[Any] = []

    @settings(max_examples=40, database=None, derandomize=True, deadline=None)
    @given(sound=st.lists(parts(), min_size=1, max_size=3), wild=_ANY)
    def collect(sound: list[Part], wild: Part) -> None:
        for said in (tuple(sound), (wild,)):
            bubbles.extend(msgspec.to_builtins(bubbles_of(reply("r1", text="x", parts=said), 7, {PDF: 7})))
        bubbles.append({"part": msgspec.to_builtins(wild), "file": "/api/x"})

    collect()
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    await window.goto(page.address)
    faults = await window.evaluate(DRAWN, bubbles)
    assert not faults, json.dumps(faults, indent=1, ensure_ascii=True)
    assert await window.title() == "recado"
    assert {url for url in asked if not url.startswith(page.address)} == set()


async def test_a_tap_reaches_the_tool_that_asked(tmp_path: Path, window: Window) -> None:
    """A real recado: a tool asks with buttons, each message has its receipt, the tap comes back with its id."""
    tools = {"RECADO_TOOLS": "menu_tools", "PYTHONPATH": str(Path(__file__).parents[2] / "examples")}
    with recado(tmp_path / "recado", command="up", RECADO_DEBOUNCE="0", **tools) as up:
        await up.started()
        phone = Phone(window)
        await phone.open((await up.said("started"))["page"])
        await phone.write('!tool ask_size {"bread": "rye"}')
        await phone.theirs.get_by_role("button", name="Small, 500 g").click()
        await expect(phone.replied("echo: [quotes what you said").filter(has_text="]\nSmall, 500 g")).to_have_count(1)
        await phone.write('!tool reserve {"bread": "rye"}')
        await expect(phone.replied("No size was chosen")).to_have_count(1)
        history = json.loads((await up.run("history", "12025550143@s.whatsapp.net", "--json")).out)
        tapped = next(entry for entry in history if entry.get("kind") == "button")
        assert tapped["quoted"] == next(entry["id"] for entry in history if "Small, 500 g" in (entry["text"] or ""))
        said = await up.run("say", "12025550143@s.whatsapp.net", "--choice", "large", "--json")
        spoken = json.loads(said.out)
        assert (spoken["ending"], spoken["text"].endswith("\nLarge, 1 kg")) == ("reply", True), said
