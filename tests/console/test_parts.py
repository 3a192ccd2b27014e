"""The parts of replies on a chat's page, over real HTTP: each kind as it was shown to the person, with its choice."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from events.decisions import Reply
from events.inbound import Message
from events.library import Entry, object_of
from events.memory_library import MemoryLibrary
from events.parts import Option, Part
from events.references import Choice
from events.subjects import ChatKey
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import AT, HTML, address, given
from tests.console.stored import Stores
from tests.projections.story.test_parts import OF_EACH_KIND, SIZES

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
PAGE = b"<script>alert(1)</script>"


@pytest.fixture
def stores() -> Stores:
    return Stores()


@pytest.fixture
async def page(tmp_path: Path, stores: Stores) -> AsyncIterator[Page]:
    async with serve(tmp_path) as served:
        object.__setattr__(served.deps, "files", stores)
        object.__setattr__(served.deps, "library", MemoryLibrary())
        yield served


def reply(id_: str, *parts: Part, key: ChatKey = ANA, **more: Any) -> Reply:
    return Reply(
        id=id_, turn=None, chat=key.chat, account=key.account, text="the plain reading", in_reply_to=(),
        author="operator", at=AT, parts=parts, **more,
    )  # fmt: skip


async def shown(page: Page, key: ChatKey = ANA) -> str:
    status, text = await page.get(address(key), **HTML)
    assert status == 200, text
    return str(text)


@pytest.mark.parametrize("kind", OF_EACH_KIND)
async def test_each_kind(page: Page, kind: str) -> None:
    """It is drawn by its fields; one of a newer version as its plain reading. Nothing is the reply's own text."""
    await given(page, ANA, Message(id="a1", text="hello"), reply("c1.r", OF_EACH_KIND[kind]))
    text = await shown(page)
    assert "cannot be shown" not in text
    assert "the plain reading" not in text.partition('class="parts"')[2].partition("</ul>")[0]
    words = {
        "text": ">hello<", "document": ">prices.pdf<", "image": 'href="https://a.example/b.png"',
        "location": "openstreetmap.org/?mlat=1.5", "contact": "+5511999999999", "choices": "Which size?",
        "link": 'href="https://a.example"', "template": "template hello, pt_BR", "reaction": "👍",
        "hologram": "of a newer version", "audio": "voice message",
    }  # fmt: skip
    assert words.get(kind, "https://a.example/b.") in text


async def test_a_file(page: Page, stores: Stores) -> None:
    """A picture is shown, anything else is kept, with its name and its size; only where a reply of this chat has it."""
    picture, document = stores.put(PNG), stores.put(PAGE)
    entry = Entry(name="Prices", part=Part(kind="document", object=document), size=len(PAGE), at=AT)
    assert page.deps.library is not None
    await page.deps.library.add("local", entry, PAGE)
    parts = (
        Part(kind="image", object=picture, mime="image/png", caption="a <b>cake</b>"),
        Part(kind="document", object=document, mime="text/html", filename="prices <1>.html"),
        Part(kind="image", object=document, mime="image/svg+xml"),
        Part(kind="document", object=object_of(b"gone")),
        Part(kind="image", url="https://a.example/b.png"),
    )
    await given(page, ANA, Message(id="a1", text="hello"), reply("c1.r", *parts))
    await given(page, TOM, Message(id="t1", text="hello"))
    text = await shown(page)
    assert f'<img class="image" src="{address(ANA, "/parts/2/1")}"' in text
    assert "a &lt;b&gt;cake&lt;/b&gt;" in text
    assert re.search(r"prices &lt;1&gt;\.html</bdi></a> <small>25 bytes<", text)
    async with page.session.get(page.address + address(ANA, "/parts/2/1")) as answer:
        assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", PNG)
        assert answer.headers["x-content-type-options"] == "nosniff"
    for number in (2, 3):
        async with page.session.get(page.address + address(ANA, f"/parts/2/{number}")) as answer:
            assert (answer.status, answer.content_type) == (200, "application/octet-stream")
            assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
            assert "sandbox" in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
    for key, place in [
        (ANA, "2/4"),
        (ANA, "2/5"),
        (ANA, "2/6"),
        (ANA, "2/0"),
        (ANA, "1/1"),
        (ANA, "9/1"),
        (TOM, "2/1"),
    ]:
        assert (await page.get(address(key, f"/parts/{place}"), **HTML))[0] == 404, (key, place)


async def test_the_choice_that_was_made(page: Page) -> None:
    """Tapped or typed, of the question that asked it; the message says which."""
    again = Part(kind="choices", text="Sure?", choices=(Option(id="l", title="Late"), Option(id="s", title="Soon")))
    await given(
        page, ANA, Message(id="a1", text="hello"), reply("c1.r", SIZES), Message(id="a2", text="2"),
        reply("c2.r", again), Message(id="a3", text="Small", choice=Choice(id="s", title="Small")),
        Message(id="a4", text="Late …", choice=Choice(id="l", title="La…")),
    )  # fmt: skip
    text = await shown(page)
    assert "chose l, Large, by typing" in text
    assert "chose s, Small, by tapping" in text
    first, _, second = text.partition('id="s4"')
    chosen = re.compile(r'<li class="chosen"><bdi dir="auto">(\w+)')
    assert chosen.findall(first) == ["Small", "Large"]
    assert chosen.findall(second) == ["Late"]


async def test_a_quote(page: Page) -> None:
    """It is shown above the words, and leads to the message."""
    await given(page, ANA, Message(id="a1", text="hello"), reply("c1.r", OF_EACH_KIND["text"], quote="a1"))
    said = await shown(page)
    assert '<a class="quoted" href="#s1">' in said
    assert said.count("hello") > 1
