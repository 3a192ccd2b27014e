"""Files that replies send: a browser shows pictures and sounds, runs nothing, and gets them only by the reply."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from chat.parts import reading
from console import bubbles
from console.shown_types import SHOWN
from events.decisions import Reply
from events.files import File
from events.inbound import Message
from events.log import LogUnavailable
from events.parts import FILES, Option, Part
from events.subjects import ChatKey
from tests.console.conftest import ANA, TOM, Page, serve
from tests.console.given import given
from tests.console.stored import file_of
from tests.gateways.replies import reply


def address(key: ChatKey, seq: int, id_: str, number: int) -> str:
    """The address as the page gets it."""
    return bubbles.address(reply(id_, key), seq, number)


CONTENT = b"<script>document.title = 'owned'</script>"
OBJECT = f"LIBRARY/{sha256(CONTENT).hexdigest()}"


class Kept:
    """Object stores with one file, which may be down."""

    def __init__(self) -> None:
        self.down = False
        self.there = {OBJECT: CONTENT}
        self.asked: list[str] = []

    async def find(self, object: str) -> File | None:  # noqa: A002
        self.asked.append(object)
        if self.down:
            raise LogUnavailable("the bus is gone")
        return file_of(self.there[object]) if object in self.there else None

    async def size(self, account: str, object: str) -> int | None:  # noqa: A002
        if self.down:
            raise LogUnavailable("the bus is gone")
        return len(CONTENT) if (account, object) == (ANA.account, OBJECT) else None

    async def arrived(self, name: str) -> None:
        return None


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[tuple[Page, Kept]]:
    async with serve(tmp_path) as page:
        kept = Kept()
        object.__setattr__(page.deps, "files", kept)
        yield page, kept


def sent(id_: str, *said: Part, key: ChatKey = ANA) -> Reply:
    return reply(id_, key, text=reading(said), parts=said)


async def fetched(page: Page, where: str) -> tuple[int, dict[str, str], bytes]:
    async with page.session.get(page.address + where) as response:
        return response.status, {k.lower(): v for k, v in response.headers.items()}, await response.read()


RUNS = (
    "image/svg+xml", "text/html", "text/xml", "application/xhtml+xml", "application/pdf", "text/javascript", "text/css",
    "application/x-shockwave-flash", "multipart/x-mixed-replace", "", "image/png, text/html", "IMAGE/SVG+XML", None,
    "image/svg+xml;charset=utf-8", "image\r\nX: y", "text/plain", "application/octet-stream", "image/*",
)  # fmt: skip


async def test_what_a_browser_could_run_is_a_download(shown: tuple[Page, Kept]) -> None:
    page, _ = shown
    files = [Part(kind=kind, object=OBJECT, mime=mime) for kind in sorted(FILES) for mime in RUNS]
    await given(page, ANA, *(sent(f"r{number}", part) for number, part in enumerate(files, 1)))
    for number, part in enumerate(files, 1):
        status, headers, body = await fetched(page, address(ANA, number, f"r{number}", 1))
        assert (status, body) == (200, CONTENT), part
        assert headers["content-type"] == "application/octet-stream", part
        assert headers["content-disposition"].startswith("attachment"), part
        held(headers)


async def test_no_type_makes_a_page_a_picture(shown: tuple[Page, Kept]) -> None:
    """The bytes are those of a page with a script: whatever type they are said to have, they are a download."""
    page, _ = shown
    files = [Part(kind="image", object=OBJECT, mime=f"{mime}; x=1".upper()) for mime in sorted(SHOWN)]
    await given(page, ANA, *(sent(f"r{number}", part) for number, part in enumerate(files, 1)))
    for number in range(1, len(files) + 1):
        _, headers, _ = await fetched(page, address(ANA, number, f"r{number}", 1))
        assert headers["content-type"] == "application/octet-stream"
        held(headers)


def held(headers: dict[str, str]) -> None:
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "no-store" in headers["cache-control"]


NAMES = (
    "../../etc/passwd", 'a"; filename="b.html', "a\r\nX-Injected: 1", "é" * 1000, "\x00", "C:\\windows\\a.exe",
    "名.pdf", None,
)  # fmt: skip


async def test_the_name_of_a_download_injects_nothing(shown: tuple[Page, Kept]) -> None:
    page, _ = shown
    files = [Part(kind="document", object=OBJECT, filename=name) for name in NAMES]
    await given(page, ANA, *(sent(f"r{number}", part) for number, part in enumerate(files, 1)))
    for number, name in enumerate(NAMES, 1):
        status, headers, _ = await fetched(page, address(ANA, number, f"r{number}", 1))
        assert status == 200, name
        assert "x-injected" not in headers
        said = headers["content-disposition"]
        assert said.startswith("attachment; filename*=UTF-8''"), name
        assert not set('/\\"\r\n') & set(said.removeprefix("attachment; filename*=UTF-8''")), name


ELSEWHERE = (
    address(ANA, 2, "r1", 1),
    address(ANA, 3, "r1", 1),
    address(ANA, 99, "r1", 1),
    address(ANA, 2**62, "r1", 1),
    address(ANA, 2**70, "r1", 1),
    address(ANA, 0, "r1", 1),
    address(ANA, 1, "r1", 2),
    address(ANA, 1, "r1", 0),
    address(ANA, 1, "r1", 10**30),
    address(ANA, 1, "r2", 1),
    address(ANA, 1, "", 1),
    address(TOM, 1, "r1", 1),
    address(ANA._replace(account="shop"), 1, "r1", 1),
    f"/api/chats/{ANA.chat}/files/1/1",
    f"/api/chats/{ANA.chat}/files/-1/1?reply=r1",
    "/api/chats/nobody/files/1/1?reply=r1",
    f"/api/chats/{ANA.chat}/files/{OBJECT}",
    f"/api/chats/{ANA.chat}/files/1/{OBJECT}?reply=r1",
)


async def test_a_file_is_reached_by_the_reply_that_sent_it(shown: tuple[Page, Kept]) -> None:
    """By no number of another chat, account, reply, message or event, and never by the name of the file."""
    page, kept = shown
    choices = Part(kind="choices", text="Which?", choices=(Option(id="a", title="A"),))
    await given(page, ANA, sent("r1", Part(kind="image", object=OBJECT, mime="image/png"), choices))
    await given(page, ANA, Message(id="m1", text="hello"), reply("r2", text=f"see {OBJECT}"))
    assert (await fetched(page, address(ANA, 1, "r1", 1)))[0] == 200
    kept.asked.clear()
    for where in ELSEWHERE:
        status, _, body = await fetched(page, where)
        assert status == 404, where
        assert CONTENT not in body
    assert not kept.asked


async def test_a_file_that_is_gone_and_a_store_that_is_down(shown: tuple[Page, Kept]) -> None:
    page, kept = shown
    gone = Part(kind="image", object="LIBRARY/" + "0" * 64, mime="image/png")
    await given(page, ANA, sent("r1", gone, Part(kind="document", object=OBJECT, filename="a.pdf")))
    assert (await page.get(address(ANA, 1, "r1", 1)))[0] == 404
    kept.down = True
    status, told = await page.get(address(ANA, 1, "r1", 2))
    assert (status, "does not answer" in told["error"]) == (503, True)
    status, history = await page.get(f"/api/chats/{ANA.chat}/history")
    assert (status, "size" in history["bubbles"]["r1"][1]) == (200, False), "the chat is shown all the same"


async def test_no_file_without_a_login(tmp_path: Path) -> None:
    async with serve(tmp_path, password="correct-horse-battery") as page:
        object.__setattr__(page.deps, "files", Kept())
        await given(page, ANA, sent("r1", Part(kind="image", object=OBJECT, mime="image/png")))
        assert (await fetched(page, address(ANA, 1, "r1", 1)))[0] == 401


async def test_no_file_for_another_site(shown: tuple[Page, Kept]) -> None:
    page, _ = shown
    await given(page, ANA, sent("r1", Part(kind="image", object=OBJECT, mime="image/png")))
    headers: Any = {"Sec-Fetch-Site": "cross-site"}
    async with page.session.get(page.address + address(ANA, 1, "r1", 1), headers=headers) as response:
        assert response.status == 403


def test_the_address_tells_nothing_of_the_file() -> None:
    assert OBJECT[-64:] not in address(ANA, 1, "r1", 1)
