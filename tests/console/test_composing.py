"""A person composes on a chat's page: choices, a file of the library, a place, a quote; and the window's time."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from msgspec.structs import replace

from console import orders
from events.inbound import Message, Revoke
from events.library import Entry, object_of
from events.log import LogUnavailable
from events.memory_library import MemoryLibrary
from events.parts import Option, Part
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import AT, HTML, address, given
from tests.console.ordering import Refusing, ordered
from tests.console.ordering import orders as orders_of

PDF = b"%PDF-1.7"
PRICES = Part(kind="document", object=object_of(PDF), mime="application/pdf", filename="prices.pdf")
SHOP = Part(kind="location", latitude=-23.5, longitude=-46.6, name="The shop")
FIELDS = ("text", "options", "file", "caption", "place", "place_name", "place_address", "quote")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.1)
    monkeypatch.setattr(orders, "SENT_WITHIN", 0)


@pytest.fixture
async def library() -> MemoryLibrary:
    made = MemoryLibrary()
    await made.add("local", Entry(name="Price list", part=PRICES, size=len(PDF), at=AT, by="page"), PDF)
    await made.add("local", Entry(name="<The shop>", part=SHOP, at=AT))
    await made.add("other", Entry(name="secret", part=PRICES, size=len(PDF), at=AT), PDF)
    return made


@pytest.fixture
async def page(tmp_path: Path, library: MemoryLibrary) -> AsyncIterator[Page]:
    async with serve(tmp_path, Refusing()) as served:
        object.__setattr__(served.deps, "library", library)
        await given(served, ANA, Message(id="a1", text="hello"))
        yield served


async def sent(page: Page, **fields: str) -> tuple[int, str]:
    return await ordered(page, ANA, command="send", **fields)


ASKED = Part(kind="choices", choices=(Option(id="1", title="Small"), Option(id="2", title="Large")))
COMPOSED: list[tuple[dict[str, str], tuple[str | None, tuple[Part, ...], str | None]]] = [
    ({"text": "Which size?", "options": "Small\r\n\r\n  Large  \r\n"}, ("Which size?", (ASKED,), None)),
    ({"file": "price LIST"}, (None, (PRICES,), None)),
    ({"file": "Price list", "caption": "ours"}, (None, (replace(PRICES, caption="ours"),), None)),
    ({"file": "<The shop>", "text": "Here"}, ("Here", (SHOP,), None)),
    ({"place": "-23.5505, -46.6333", "place_name": "Bakery"},
     (None, (Part(kind="location", latitude=-23.5505, longitude=-46.6333, name="Bakery"),), None)),
    ({"place": "1 2"}, (None, (Part(kind="location", latitude=1, longitude=2),), None)),
    ({"text": "yes", "quote": "a1"}, ("yes", (), "a1")),
    ({"text": "  ", "file": "Price list", "place": "0,0"},
     (None, (PRICES, Part(kind="location", latitude=0, longitude=0)), None)),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "order"), COMPOSED)
async def test_an_order(page: Page, fields: dict[str, str], order: Any) -> None:
    """It has the parts that the form says; pressed twice, at once or later, it is one."""
    form = {"id": token_hex(8), **fields}
    answers = await asyncio.gather(*(sent(page, **form) for _ in range(3)))
    await page.projected()
    answers.append(await sent(page, **form))
    assert set(answers) == {(303, address(ANA))}
    (control,) = await orders_of(page, ANA)
    assert (control.text, control.parts, control.quote) == order


UNFIT = [
    ("text", {}),
    ("text", {"text": " \r\n "}),
    ("text", {"text": "\u200b"}),
    ("text", {"text": "\u2800\u3164", "options": "a\nb"}),
    ("text", {"options": "a\nb"}),
    ("options", {"text": "Which?", "options": "\n".join("abcdefghijk")}),
    ("options", {"text": "Which?", "options": "Same\nsame"}),
    ("options", {"text": "Which?", "options": "x" * 1025}),
    ("file", {"file": "secret"}),
    ("file", {"file": "nothing <b>", "text": "words"}),
    ("caption", {"caption": "of nothing", "text": "words"}),
    ("caption", {"file": "<The shop>", "caption": "of a place"}),
    ("place", {"place": "here"}),
    ("place", {"place": "91, 0"}),
    ("place", {"place": "0, 181"}),
    ("place", {"place": "nan, inf"}),
    ("place", {"place": "\u0661, \u0662"}),
    ("place", {"place_name": "Bakery", "text": "words"}),
    ("quote", {"quote": "b1", "text": "words"}),
    ("quote", {"quote": "a2", "text": "words"}),
]


@pytest.mark.parametrize(("field", "fields"), UNFIT)
async def test_what_cannot_be_sent(page: Page, field: str, fields: dict[str, str]) -> None:
    """It is refused beside its field, nothing is stored, and every field is in the form again; the fields open."""
    await given(page, ANA, Message(id="a2", text="gone"), Revoke(id="r1", of="a2"))
    await given(page, TOM, Message(id="b1", text="of another chat"))
    status, shown = await sent(page, **fields)
    assert status == 400
    assert await orders_of(page, ANA) == []
    beside = re.search(rf'<p class="bad" id="wrong-{field}">([^<]+)</p>', shown)
    assert beside, shown
    for name, value in fields.items():
        if value.strip() and not (name == field and name in ("file", "quote")):
            assert html.escape(value.strip().partition("\n")[0], quote=False)[:40] in html.unescape(shown).replace(
                "<", "&lt;"
            ).replace(">", "&gt;")
    if field in ("options", "file", "caption", "place"):
        assert "<details open>" in shown


async def test_a_draft_of_every_field(page: Page) -> None:
    """It is in the form again after a refusal, and can be sent then."""
    fields = {
        "text": "Which size?", "options": "Small\nLarge", "file": "Price list", "caption": "ours", "place": "1, 2",
        "place_name": "Bakery", "place_address": "Rua Augusta 1", "quote": "a1",
    }  # fmt: skip
    page.log.fault = LogUnavailable("no answer")  # type: ignore[attr-defined]
    id_ = token_hex(8)
    status, shown = await sent(page, id=id_, **fields)
    assert status == 503
    again = {"id": id_, **_form(shown)}
    assert again == {"id": id_, "command": "send", "page_of": "page", **fields}
    page.log.fault = None  # type: ignore[attr-defined]
    assert (await ordered(page, ANA, **again))[0] == 303
    (control,) = await orders_of(page, ANA)
    assert (control.id, control.quote, len(control.parts)) == (id_, "a1", 3)


@pytest.mark.parametrize(
    "other", [{"options": "Small\nLarge"}, {"place": "1, 2"}, {"quote": "a1"}, {"file": "Price list"}]
)
async def test_another_order_under_the_same_id(page: Page, other: dict[str, str]) -> None:
    """Other parts or another quote are another order, which is refused."""
    id_ = token_hex(8)
    assert (await sent(page, id=id_, text="one"))[0] == 303
    assert (await sent(page, id=id_, text="one", **other))[0] == 409
    await page.projected()
    assert (await sent(page, id=id_, text="one", **other))[0] == 409
    assert len(await orders_of(page, ANA)) == 1


async def test_replying_to_a_message(page: Page) -> None:
    """A message's link leads to the form with its quote; a message that is gone, or none, has no quote."""
    await given(
        page,
        ANA,
        Message(id="a 2/ü", text="a <i>second</i> one"),
        Message(id="a3", text="gone"),
        Revoke(id="r", of="a3"),
    )
    shown = (await page.get(address(ANA), **HTML))[1]
    links = re.findall(r'href="([^"]+\?quote=[^"]+)"', shown)
    assert len(links) == 2
    form = _form((await page.get(html.unescape(links[1]).partition("#")[0], **HTML))[1])
    assert form["quote"] == "a 2/ü"
    for id_ in ("a3", "unknown", ""):
        assert "quote" not in _form((await page.get(address(ANA, f"?quote={id_}"), **HTML))[1])


async def test_a_library_that_does_not_answer(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chat is shown without it, words are sent, and a file is refused with its draft."""

    async def broken(*_: object) -> Any:
        raise LogUnavailable("no answer")

    monkeypatch.setattr(MemoryLibrary, "entries", broken)
    monkeypatch.setattr(MemoryLibrary, "entry", broken)
    assert (await page.get(address(ANA), **HTML))[0] == 200
    status, shown = await sent(page, file="Price list", text="here")
    assert status == 503
    assert _form(shown)["file"] == "Price list"
    assert (await sent(page, text="here"))[0] == 303


@pytest.mark.parametrize(
    ("id_", "ago", "told"),
    [
        ("wamid.1", timedelta(hours=20, minutes=39, seconds=58), "3 h 20 min left to write freely"),
        ("wamid.1", timedelta(hours=23, minutes=59, seconds=30), "s left to write freely"),
        ("wamid.1", timedelta(hours=24, seconds=1), "Only a template can be sent"),
        ("3EB0C767D26A", timedelta(hours=30), None),
        ("a1", timedelta(hours=30), None),
    ],
)
async def test_the_time_to_write_freely(page: Page, id_: str, ago: timedelta, told: str | None) -> None:
    """By the bus's time, from the person's last message; only where WhatsApp's Cloud API brought it."""
    now = page.deps.now() + timedelta(days=3)
    object.__setattr__(page.deps, "now", lambda: now)
    await given(page, TOM, Message(id=f"{id_}0", text="earlier", at=AT - timedelta(days=2)))
    object.__setattr__(page.deps, "now", lambda: AT)
    await given(page, TOM, Message(id=id_, text="hello", at=AT - ago))
    await given(
        page, TOM, Message(id="wamid.9", text="by hand", from_me=True), Message(id="wamid.s", kind="system", text="x")
    )
    shown = (await page.get(address(TOM), **HTML))[1]
    if told is None:
        assert 'id="window"' not in shown
    else:
        assert re.search(rf'<li id="window"[^>]*>[^<]*{told}', shown), shown


def _form(shown: str) -> dict[str, str]:
    """The filled fields of the form, as a browser would send them."""
    form = shown.partition('<form id="write"')[2].partition("</form>")[0]
    inputs = {
        name: value
        for tag in re.findall(r"<input [^>]+>", form)
        if (name := _of(tag, "name")) and (value := _of(tag, "value"))
    }
    texts = dict(re.findall(r'<textarea [^>]*name="(\w+)"[^>]*>\n([^<]*)</textarea>', form))
    chosen = re.findall(r"<option[^>]* selected[^>]*>[^<]*</option>", form)
    files = {"file": _of(chosen[0], "value") or re.sub("<[^>]+>", "", chosen[0])} if chosen else {}
    found = {name: html.unescape(value) for name, value in {**inputs, **texts, **files}.items() if value}
    return {name: value for name, value in found.items() if name != "id"}


def _of(tag: str, name: str) -> str:
    match = re.search(rf'{name}="([^"]*)"', tag)
    return match[1] if match else ""
