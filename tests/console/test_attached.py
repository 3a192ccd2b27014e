"""Files and recordings that a person sends from a chat's page: checked, stored for that chat alone, one order."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

import aiohttp
import pytest

from backends.content import voice
from chat.files import file_part
from console import attached, orders, uploads
from events.inbound import Message
from events.library import Entry
from events.log import LogFull, LogUnavailable
from events.memory_library import MemoryLibrary
from events.parts import Part
from tests import sample_files as samples
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import AT, HTML, address, given
from tests.console.ordering import Refusing
from tests.console.ordering import orders as orders_of
from tests.console.stored import Stores
from tests.console.test_composing import PDF, PRICES
from tests.speaking import heard, sent_as, spoken

JPEG, PNG, MP3 = samples.picture("JPEG"), samples.picture("PNG"), samples.recording("mp3", "libmp3lame")
File = tuple[str, bytes, str]
"""The field, the content and the name of a file."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "OBEYED_WITHIN", 0.1)
    monkeypatch.setattr(orders, "SENT_WITHIN", 0)


@pytest.fixture
def stores() -> Stores:
    return Stores()


@pytest.fixture
async def page(tmp_path: Path, stores: Stores) -> AsyncIterator[Page]:
    async with serve(tmp_path, Refusing()) as served:
        library = MemoryLibrary()
        await library.add("local", Entry(name="Price list", part=PRICES, size=len(PDF), at=AT), PDF)
        object.__setattr__(served.deps, "library", library)
        object.__setattr__(served.deps, "files", stores)
        await given(served, ANA, Message(id="a1", text="hello"))
        yield served


async def sent(
    page: Page, *files: File, key: Any = ANA, accept: str = "text/html", id_: str | None = None, **fields: str
) -> tuple[int, str]:
    """POST the form as a browser does: the status, and where it leads or what it says."""
    form = aiohttp.FormData(quote_fields=False)
    for name, value in {"id": id_ or token_hex(8), "command": "send", **fields}.items():
        form.add_field(name, value)
    for field, content, name in files or ((attached.FILES, b"", ""),):
        form.add_field(field, io.BytesIO(content), filename=name, content_type="application/octet-stream")
    headers = {"Origin": page.address, "Accept": accept}
    async with page.session.post(
        page.address + address(key, "/orders"), data=form, headers=headers, allow_redirects=False
    ) as response:
        return response.status, response.headers.get("location") or await response.text()


async def parts_of(page: Page) -> tuple[str | None, list[Part]]:
    (control,) = await orders_of(page, ANA)
    return control.text, list(control.parts)


def picture(name: str = "a.jpg") -> File:
    return ("files", JPEG, name)


async def test_words_in_a_form_for_files(page: Page, stores: Stores) -> None:
    """Without script, words come in the same form, and need no turn among those who send files."""
    for _ in range(uploads.AT_ONCE):
        await page.app.state.uploads.acquire()
    assert await sent(page, text="x" * 65_536) == (303, address(ANA))
    assert (await parts_of(page), stores.kept) == (("x" * 65_536, []), 0)


async def test_each_file_is_a_part(page: Page, stores: Stores) -> None:
    """Of the kind that its content has, whatever its name is; its bytes are in MEDIA, for this chat alone."""
    files = [picture(), ("files", PNG, "b.html"), ("files", MP3, "c"), ("files", PDF + b"\n%%EOF", "../../C:\\d.pdf")]
    assert (await sent(page, *files, text="Here"))[0] == 303
    text, parts = await parts_of(page)
    assert [(part.kind, part.mime, part.filename) for part in parts] == [
        ("image", "image/jpeg", None), ("image", "image/png", None), ("audio", "audio/mpeg", None),
        ("document", "application/pdf", "d.pdf"),
    ]  # fmt: skip
    assert text == "Here"
    assert [stores.there[part.object or ""] for part in parts] == [content for _, content, _ in files]
    assert all((part.object or "").startswith("MEDIA/sent:") for part in parts)


@pytest.mark.parametrize(
    ("files", "fields", "wanted"),
    [
        ([picture()], {"text": "The cake"}, (None, ["The cake"])),
        ([picture()], {"text": "x" * 1025}, ("x" * 1025, [None])),
        ([picture()], {"text": "Words", "caption": "The cake"}, ("Words", ["The cake"])),
        ([picture(), picture("b.jpg")], {"text": "Two"}, ("Two", [None, None])),
        ([("files", MP3, "a.mp3"), picture()], {"caption": "The cake"}, (None, [None, "The cake"])),
        ([("files", MP3, "a.mp3")], {"text": "A song"}, ("A song", [None])),
        ([picture()], {"text": "This one?", "options": "Yes\nNo"}, ("This one?", [None, None])),
        ([picture()], {"file": "Price list", "caption": "Prices"}, (None, [None, "Prices"])),
    ],
)
async def test_the_words_beside_a_file(page: Page, files: list[File], fields: dict[str, str], wanted: Any) -> None:
    """They are the caption of the one picture, and come after several files."""
    assert (await sent(page, *files, **fields))[0] == 303
    text, parts = await parts_of(page)
    assert (text, [part.caption for part in parts]) == wanted


async def test_as_many_files_as_go_at_once(page: Page) -> None:
    """A browser sends the field of the recording too, which is empty: it is no file."""
    files = [*[picture()] * attached.MOST, ("voice", b"", "")]
    assert (await sent(page, *files, text="Here"))[0] == 303
    text, parts = await parts_of(page)
    assert (text, len(parts)) == ("Here", attached.MOST)


async def test_the_words_beside_too_many_files(page: Page) -> None:
    """They are in the form again, without scripts too."""
    many = [picture()] * (attached.MOST + 1)
    status, shown = await sent(page, *many, text="All of them")
    assert (status, "All of them</textarea>" in shown) == (400, True)


async def test_pressed_twice(page: Page, stores: Stores) -> None:
    """At once or later, by script or without: one order with the same files. Another file is another order."""
    id_ = token_hex(8)
    for _ in range(2):
        answers = await asyncio.gather(*(sent(page, picture(), id_=id_, text="Here") for _ in range(3)))
        assert {status for status, _ in answers} == {303}
        await page.projected()
    status, told = await sent(page, picture(), id_=id_, text="Here", accept="application/json")
    assert (status, json.loads(told)["to"]) == (200, address(ANA))
    assert json.loads(told)["id"] != id_
    assert (await sent(page, ("files", PNG, "a.jpg"), id_=id_, text="Here"))[0] == 409
    assert len(await orders_of(page, ANA)) == 1
    assert len({name for name in stores.there if name.startswith("MEDIA/")}) == 2


async def test_the_same_file_in_two_chats(page: Page, stores: Stores) -> None:
    """Each has its own: erasing one chat takes nothing from the other."""
    await given(page, TOM, Message(id="t1", text="hello"))
    id_ = token_hex(8)
    for key in (ANA, TOM):
        assert (await sent(page, picture(), key=key, id_=id_))[0] == 303
    assert len(stores.there) == 2


UNFIT: list[tuple[str, list[File], dict[str, str], str]] = [
    ("files", [("files", samples.picture("GIF"), "a.gif")], {}, "a GIF"),
    ("files", [("files", b"<html>hello", "a.jpg")], {}, "HTML"),
    ("files", [("files", b"", "empty.jpg")], {}, "empty"),
    ("files", [("files", b"", "empty.jpg")], {"text": "See the file"}, "empty"),
    ("files", [picture()] * 11, {"text": "All of them"}, "These are 11 files"),
    ("files", [*[picture()] * 10, ("voice", b"sound", "a")], {}, "These are 11 files"),
    ("files", [("files", JPEG[:60], "half.jpg")], {}, "ends in the middle"),
    ("files", [("files", JPEG[:-2] + bytes(5_000_001) + JPEG[-2:], "big.jpg")], {}, "5 MB"),
    ("files", [picture(), ("files", b"MZ" + bytes(100), "<b>.exe")], {"text": "x"}, "a program"),
    ("caption", [("files", MP3, "a.mp3")], {"caption": "words"}, "without a caption"),
    ("caption", [picture()], {"caption": "x" * 1025}, "at most"),
    ("text", [picture()] * 10, {"options": "a\nb", "text": "?"}, "at most 10"),
    ("quote", [picture()], {"quote": "unknown"}, "not known"),
    ("place", [picture()], {"place": "nowhere"}, "no place"),
    ("voice", [("voice", b"no sound", "v.webm")], {}, "recording cannot be sent"),
    ("voice", [picture(), ("voice", JPEG, "v.webm")], {}, "recording cannot be sent"),
]


@pytest.mark.parametrize(("field", "files", "fields", "words"), UNFIT)
async def test_what_cannot_be_sent(  # noqa: PLR0917
    page: Page, stores: Stores, field: str, files: list[File], fields: dict[str, str], words: str
) -> None:
    """It is refused beside its field with what to do, and neither an order nor a file is stored."""
    status, shown = await sent(page, *files, **fields)
    assert status == 400
    assert words in shown.partition(f'<p class="bad" id="wrong-{field}">')[2].partition("</p>")[0]
    status, told = await sent(page, *files, accept="application/json", **fields)
    assert (status, json.loads(told)["field"]) == (400, field)
    assert words in json.loads(told)["error"]
    assert (await orders_of(page, ANA), stores.there) == ([], {})


@pytest.mark.parametrize("fault", [LogUnavailable("no answer"), LogFull("no room")])
async def test_a_store_that_takes_nothing(page: Page, stores: Stores, fault: Any) -> None:
    """Nothing is ordered; the same form again is the same order."""
    stores.fault, id_ = fault, token_hex(8)
    status, told = await sent(page, picture(), id_=id_, text="Here", accept="application/json")
    assert (status, json.loads(told)["id"]) == (503, id_)
    assert await orders_of(page, ANA) == []
    stores.fault = None
    assert (await sent(page, picture(), id_=id_, text="Here"))[0] == 303
    assert len(await orders_of(page, ANA)) == 1


async def test_a_chat_that_is_not_there(page: Page, stores: Stores) -> None:
    assert (await sent(page, picture(), key=TOM))[0] == 404
    assert stores.there == {}


async def test_too_many_and_too_large(page: Page, monkeypatch: pytest.MonkeyPatch, stores: Stores) -> None:
    """More files than a reply has parts, and more bytes than WhatsApp takes, are refused before they are kept."""
    many = [picture(f"{n}.jpg") for n in range(attached.MOST + 1)]
    assert (await sent(page, *many))[0] == 400
    assert (await sent(page, *many, accept="application/json"))[0] == 400
    assert (await sent(page, *many * 10))[0] == 400
    monkeypatch.setattr(uploads, "LARGEST_BODY", 100_000)
    status, told = await sent(page, ("files", bytes(200_000), "a.jpg"), accept="application/json")
    assert (status, "at most" in json.loads(told)["error"]) == (413, True)
    assert (await orders_of(page, ANA), stores.there) == ([], {})


RECORDED = {
    "chromium": sent_as("webm", "libopus", 48_000, spoken("one two three")),
    "safari": sent_as("mp4", "aac", 44_100, spoken("one two three")),
}


@pytest.mark.slow("a process converts it, and a recogniser hears it")
@pytest.mark.parametrize("browser", RECORDED)
async def test_a_recording(page: Page, stores: Stores, browser: str) -> None:
    """It is a voice message as WhatsApp wants it: Opus in Ogg with one channel, with the same words in it."""
    assert (await sent(page, ("voice", RECORDED[browser], "recording"), text="Listen"))[0] == 303
    text, (part,) = await parts_of(page)
    assert (text, part.kind, part.voice, part.mime) == ("Listen", "audio", True, "audio/ogg; codecs=opus")
    content = stores.there[part.object or ""]
    assert file_part(content, "a.ogg", kind="voice").object == f"LIBRARY/{sha256(content).hexdigest()}"
    assert heard(content) == "one two three"


@pytest.mark.slow("a process converts it twice")
async def test_a_recording_pressed_twice(page: Page) -> None:
    """Each conversion gives other bytes; it is one order, with the first."""
    id_ = token_hex(8)
    for _ in range(2):
        assert (await sent(page, ("voice", RECORDED["chromium"], "a"), id_=id_))[0] == 303
    assert len(await orders_of(page, ANA)) == 1


async def test_without_pyav(page: Page, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says what to install, and a recording that comes all the same is refused."""
    monkeypatch.setattr(voice, "find_spec", lambda _: None)
    assert "make speech" in (await page.get(address(ANA), **HTML))[1]
    status, told = await sent(page, ("voice", RECORDED["chromium"], "a"), accept="application/json")
    assert (status, "make speech" in json.loads(told)["error"]) == (400, True)
    assert stores.there == {}
