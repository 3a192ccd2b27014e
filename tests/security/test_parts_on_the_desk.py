"""Hostile parts on the desk: no field becomes markup, an address that runs, or another chat's file.

The log is read leniently, so a reply may have what no check of recado's lets through: a program or an older release
wrote it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from events.inbound import Message
from events.library import object_of
from events.parts import ButtonValue, Option, Parameters, Part
from events.references import Choice
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import HTML, address, given
from tests.console.stored import Stores
from tests.console.test_parts import reply

MARKUP = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}"
ADDRESSES = (
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
    "vbscript:x", "file:///etc/passwd", "//evil.example", "/logout", "", MARKUP,
)  # fmt: skip


class Tags(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with serve(tmp_path) as served:
        await given(served, ANA, Message(id="a1", text="hello"))
        await given(served, TOM, Message(id="t1", text="hello"))
        yield served


def hostile(kind: str, url: str) -> Part:
    """A part whose every field is set."""
    return Part(
        kind=kind, text=MARKUP, object=None, url=url, mime="text/html", filename=MARKUP, caption=MARKUP, latitude=1.0,
        longitude=2.0, name=MARKUP, address=MARKUP, phones=(MARKUP,), button=MARKUP, title=MARKUP, language=MARKUP,
        choices=(Option(id=MARKUP, title=MARKUP, description=MARKUP), Option(id="", title="")),
        parameters=Parameters(header=(MARKUP,), body={MARKUP: MARKUP}, buttons=(ButtonValue(index=0, value=MARKUP),)),
        to=MARKUP, emoji=MARKUP[:64],
    )  # fmt: skip


KINDS = (
    "text", "image", "video", "audio", "document", "sticker", "location", "contact", "choices", "link", "template",
    "reaction", "hologram", MARKUP[:64], "",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_hostile_fields(page: Page, kind: str) -> None:
    """They are text; an address that is none of the web is no link."""
    parts = [hostile(kind, url) for url in ADDRESSES]
    choice = Message(id="a2", text=MARKUP, choice=Choice(id=MARKUP, title=MARKUP))
    await given(page, ANA, reply("c1.r", *parts, quote=MARKUP), choice)
    for path in (address(ANA), address(ANA, "/why/c1.r"), address(ANA, "/why/a2"), "/desk"):
        status, shown = await page.get(path, **HTML)
        assert status == 200
        tags = Tags(shown).found
        scripts = [attributes for tag, attributes in tags if tag == "script"]
        assert [one.get("src") for one in scripts] == ["/static/desk.js"]
        assert all(not name.startswith("on") for _, attributes in tags for name in attributes)
        for tag, attributes in tags:
            href = attributes.get("href") or attributes.get("src")
            if href is not None:
                assert re.match(r"/(desk|static|api)?|https?://|#", href), (tag, href)
                assert href not in ADDRESSES
        assert "cannot be shown" not in shown


async def test_fields_that_are_missing(page: Page) -> None:
    """A part with nothing but its kind is shown as such, and the lines around it are."""
    await given(page, ANA, *(reply(f"c{n}.r", Part(kind=kind)) for n, kind in enumerate(KINDS)))
    shown = (await page.get(address(ANA), **HTML))[1]
    assert "cannot be shown" not in shown
    assert shown.count('class="parts"') == len(KINDS)


async def test_files_of_other_chats(page: Page) -> None:
    """A file is reached by a reply of the chat alone, whatever the address says."""
    stores = Stores()
    secret = stores.put(b"secret")
    object.__setattr__(page.deps, "files", stores)
    await given(page, TOM, reply("t1.r", Part(kind="document", object=secret)))
    assert (await page.get(address(TOM, "/parts/3/1")))[0] == 200
    digest = secret.rpartition("/")[2]
    for path in (
        address(ANA, "/parts/3/1"), address(ANA, f"/parts/{digest}/1"), address(ANA, f"/parts/3/{digest}"),
        address(TOM, "/parts/3/2"), address(TOM, "/parts/99999999999999999999/1"), address(TOM, "/parts/-3/1"),
        address(TOM, "/parts/3/1/../../../x"), f"/desk/files/local/content?name={secret}", "/desk/files/local/content",
    ):  # fmt: skip
        status, answer = await page.get(path, **HTML)
        assert status in (400, 404), path
        assert b"secret" not in msgspec.json.encode(answer)[:7]
    assert object_of(b"secret") == secret
