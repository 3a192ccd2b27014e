"""The desk's files over real HTTP: they are added, given back safely and removed; bodies are bounded and streamed."""

from __future__ import annotations

import asyncio
import html
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from console import uploads
from events.files import File
from events.inbound import Message
from events.library import Entry, object_of
from events.log import LogFull, LogUnavailable
from events.memory_library import MemoryLibrary
from events.parts import Part
from events.subjects import token
from tests.console.conftest import ANA, Page, serve
from tests.console.given import AT, HTML, SHOP, given
from tests.console.stored import Stores, file_of

PLACE = "/desk/files/local"
TEXT = b"Bread 2.50\nCake 30.00\n"


@pytest.fixture
def library() -> MemoryLibrary:
    return MemoryLibrary()


@pytest.fixture
async def page(tmp_path: Path, library: MemoryLibrary) -> AsyncIterator[Page]:
    async with serve(tmp_path) as served:
        _give(served, library)
        await given(served, ANA, Message(id="a1", text="hello"))
        yield served


def _give(served: Page, library: MemoryLibrary) -> None:
    files = Stores()

    async def find(object_: str) -> File | None:
        content = await library.content(object_)
        return file_of(content) if content is not None else None

    files.find = find  # type: ignore[method-assign]
    object.__setattr__(served.deps, "library", library)
    object.__setattr__(served.deps, "files", files)


async def added(
    page: Page, content: bytes | None = TEXT, filename: str = "prices.txt", **fields: str
) -> tuple[int, str]:
    """POST the form with a file as a browser does: the status, and where it leads or what it says."""
    form = aiohttp.FormData()
    for name, value in fields.items():
        form.add_field(name, value)
    given_file = (content, filename) if content is not None else (b"", "")
    form.add_field("file", io.BytesIO(given_file[0]), filename=given_file[1], content_type="application/octet-stream")
    return await _posted(page, PLACE, form)


async def _posted(page: Page, path: str, form: Any) -> tuple[int, str]:
    async with page.session.post(
        page.address + path, data=form, headers={"Origin": page.address, **HTML}, allow_redirects=False
    ) as response:
        return response.status, response.headers.get("location") or await response.text()


async def listed(page: Page, path: str = PLACE) -> str:
    status, shown = await page.get(path, **HTML)
    assert status == 200, shown
    return str(shown)


async def test_a_file_from_its_form_to_its_end(page: Page, library: MemoryLibrary) -> None:
    """It is listed with its kind, size, time and author, comes back as it was, and is removed after a question."""
    assert "There is no file of local yet." in await listed(page)
    assert await added(page, name="Price <list>", caption="ours") == (303, f"{PLACE}?said=added")
    (entry,) = await library.entries("local")
    assert (entry.name, entry.size, entry.by, entry.part.kind) == ("Price <list>", len(TEXT), "page", "document")
    assert (entry.part.filename, entry.part.caption, entry.part.object) == ("prices.txt", "ours", object_of(TEXT))
    shown = await listed(page, f"{PLACE}?said=added")
    assert ">Added.<" in shown
    assert "Price &lt;list&gt;" in shown
    assert f"{len(TEXT)} bytes" in shown
    place = re.search(rf'href="({PLACE}/content\?name=[^"]+)"', shown)
    assert place
    async with page.session.get(page.address + html.unescape(place[1])) as answer:
        assert (answer.status, answer.content_type, await answer.read()) == (200, "application/octet-stream", TEXT)
        assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''prices.txt"
        assert answer.headers["x-content-type-options"] == "nosniff"
    question = re.search(rf'href="({PLACE}/remove\?name=[^"]+)"', shown)
    assert question
    path = html.unescape(question[1])
    assert "Remove <bdi" in await listed(page, path)
    assert len(await library.entries("local")) == 1
    assert await _posted(page, path, {}) == (303, f"{PLACE}?said=removed")
    assert await library.entries("local") == []
    assert await library.content(object_of(TEXT)) == TEXT
    assert (await _posted(page, path, {}))[0] == 404


async def test_a_place(page: Page, library: MemoryLibrary) -> None:
    """It is added under its name, which people see too."""
    form = {"place_name": "The shop", "place": "-23.5505, -46.6333", "place_address": "Rua Augusta 1"}
    assert await _posted(page, f"{PLACE}/places", form) == (303, f"{PLACE}?said=added")
    (entry,) = await library.entries("local")
    assert entry.part == Part(
        kind="location", latitude=-23.5505, longitude=-46.6333, name="The shop", address="Rua Augusta 1"
    )
    assert "-23.5505, -46.6333, <bdi" in await listed(page)
    status, shown = await _posted(page, f"{PLACE}/places", form)
    assert status == 400
    assert "There is “The shop” already" in shown
    assert 'value="Rua Augusta 1"' in shown
    assert (await _posted(page, f"{PLACE}/places", form | {"replace": "yes"}))[0] == 303
    for wrong in ({"place": "here"}, {"place_name": " "}, {"place_name": "a/b"}):
        status, shown = await _posted(page, f"{PLACE}/places", form | {"place_name": "Other"} | wrong)
        assert status == 400
        assert re.search(rf'id="wrong-{next(iter(wrong))}" role="alert">\w', shown)
    assert (await page.get(f"{PLACE}/places", **HTML))[0] == 200


UNFIT = [
    ("file", (None, "x.txt"), {}),
    ("file", (b"\x00\x01\x02" * 50, "x.bin"), {}),
    ("file", (b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>", "x.svg"), {}),
    ("file", (TEXT, "x.txt"), {"voice": "yes"}),
    ("file", (TEXT, "x.txt"), {"caption": "x" * 1025}),
    ("name", (TEXT, "x.txt"), {"name": "a/b"}),
    ("name", (TEXT, "x.txt"), {"name": "x" * 81}),
    ("name", (TEXT, "x.txt"), {"name": "TAKEN"}),
]


@pytest.mark.parametrize(("field", "file", "fields"), UNFIT)
async def test_what_is_not_added(
    page: Page, library: MemoryLibrary, field: str, file: tuple[bytes | None, str], fields: dict[str, str]
) -> None:
    """It is refused beside its field, with the fields again; nothing is stored."""
    await library.add("local", Entry(name="Taken", part=Part(kind="location", latitude=1, longitude=1), at=AT))
    status, shown = await added(page, *file, **fields)
    assert status == 400
    assert re.search(rf'id="wrong-{field}" role="alert">\w', shown), shown
    assert [entry.name for entry in await library.entries("local")] == ["Taken"]


async def test_a_name_is_replaced_by_order_alone(page: Page, library: MemoryLibrary) -> None:
    """In any case of its letters, and of its own account."""
    await library.add("other", Entry(name="prices.txt", part=Part(kind="location", latitude=1, longitude=1), at=AT))
    assert (await added(page))[0] == 303
    assert (await added(page, b"new\n", "PRICES.TXT"))[0] == 400
    assert (await added(page, b"new\n", "PRICES.TXT", replace="yes"))[0] == 303
    (entry,) = await library.entries("local")
    assert (entry.name, entry.part.object) == ("PRICES.TXT", object_of(b"new\n"))


async def test_accounts(page: Page, library: MemoryLibrary) -> None:
    """Each has its own files; an account that nobody has is none."""
    await given(page, SHOP, Message(id="s1", text="hello"))
    await library.add(SHOP.account, Entry(name="theirs", part=Part(kind="location", latitude=1, longitude=1), at=AT))
    assert "theirs" not in await listed(page)
    assert "theirs" in await listed(page, f"/desk/files/{token(SHOP.account)}")
    for path in (
        "/desk/files/nobody",
        "/desk/files/nobody/content?name=theirs",
        "/desk/files/local/content?name=theirs",
    ):
        assert (await page.get(path, **HTML))[0] == 404
    assert (await _posted(page, "/desk/files/nobody/places", {"place_name": "x", "place": "1, 1"}))[0] == 404


async def test_bodies_are_bounded(page: Page, library: MemoryLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the length that is said, and by the bytes that come; other forms keep their own limit."""
    monkeypatch.setattr(uploads, "LARGEST_BODY", 200_000)
    assert (await added(page, b"a" * 150_000, "small.txt"))[0] == 303
    assert (await added(page, b"a" * 300_000, "large.txt"))[0] == 413

    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\n'
        for _ in range(8):
            yield b"a" * 50_000

    headers = {"Origin": page.address, "Content-Type": "multipart/form-data; boundary=b", **HTML}
    try:
        async with page.session.post(page.address + PLACE, data=endless(), headers=headers) as answer:
            assert answer.status == 413
    except aiohttp.ClientConnectionError:
        pass  # it was cut while it was being sent
    assert [entry.name for entry in await library.entries("local")] == ["small.txt"]
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    large = io.BytesIO(b"place_name=" + b"x" * 1_100_000)
    async with page.session.post(f"{page.address}{PLACE}/places", data=large, headers=headers) as answer:
        assert answer.status == 413
    assert page.app.state.uploads._value == uploads.AT_ONCE


async def test_broken_forms(page: Page, library: MemoryLibrary) -> None:
    """They are refused in words, and leave nothing."""
    for type_, body in [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n" * 3),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"x" * 20_000 + b"\r\n--b--\r\n",
        ),
        ("application/json", b"{}"),
    ]:
        headers = {"Origin": page.address, "Content-Type": type_, **HTML}
        async with page.session.post(page.address + PLACE, data=body, headers=headers) as answer:
            assert answer.status in (400, 415), (type_, body)
    two = aiohttp.FormData()
    for name in ("one.txt", "two.txt"):
        two.add_field("file", TEXT, filename=name)
    assert (await _posted(page, PLACE, two))[0] == 400
    assert await library.entries("local") == []


async def test_too_many_at_once(page: Page, library: MemoryLibrary) -> None:
    """Others are told to try again; a form that ends makes room. A small one needs no room."""
    slots, large = page.app.state.uploads, TEXT * (uploads.SMALL // len(TEXT) + 1)
    for _ in range(uploads.AT_ONCE):
        await slots.acquire()
    assert (await added(page, large))[0] == 503
    assert (await added(page))[0] == 303
    slots.release()
    assert (await added(page, large, name="another"))[0] == 303


async def test_who_may_not(tmp_path: Path, library: MemoryLibrary) -> None:
    """Without a login nothing is shown, given or taken; another site's form is refused."""
    async with serve(tmp_path, password="correct-horse-battery") as page:
        _give(page, library)
        await library.add(
            "local", Entry(name="a", part=Part(kind="document", object=object_of(TEXT)), size=1, at=AT), TEXT
        )
        for path in (PLACE, f"{PLACE}/content?name=a", f"{PLACE}/remove?name=a"):
            async with page.session.get(page.address + path, headers=HTML, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["location"].startswith("/login")) == (303, True)
        assert (await added(page, name="b"))[0] == 401
        assert (await _posted(page, f"{PLACE}/remove?name=a", {}))[0] == 401
        login = {"password": "correct-horse-battery"}
        async with page.session.post(page.address + "/login", data=login, headers={"Origin": page.address}):
            pass
        form = aiohttp.FormData()
        form.add_field("file", TEXT, filename="x.txt")
        async with page.session.post(
            page.address + PLACE, data=form, headers={"Origin": "https://evil.example"}
        ) as answer:
            assert answer.status == 403
        assert [entry.name for entry in await library.entries("local")] == ["a"]


@pytest.mark.parametrize("fault", [LogUnavailable("no answer"), LogFull("the library has no room")])
async def test_a_library_that_fails(
    page: Page, library: MemoryLibrary, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """The page says so, and nothing is said to be added."""

    async def broken(*_: object) -> Any:
        raise fault

    monkeypatch.setattr(library, "add", broken)
    status, shown = await added(page)
    assert (status, f"Not added: {fault}" in shown) == (400, True)
    monkeypatch.setattr(library, "entries", broken)
    if isinstance(fault, LogUnavailable):
        assert "The files cannot be read now" in await listed(page)


async def test_without_a_library(tmp_path: Path) -> None:
    """There is no such page, and no link to it."""
    async with serve(tmp_path) as page:
        assert (await page.get(PLACE, **HTML))[0] == 404
        assert "/desk/files" not in (await page.get("/desk", **HTML))[1]


async def test_a_file_takes_its_time(page: Page) -> None:
    """A person with a slow line has longer for a file than for another body."""
    from console.connection import BODY_WITHIN, Connection

    seen: list[float] = []
    real = Connection._wait_for

    def noted(self: Connection, seconds: float) -> None:
        seen.append(seconds)
        real(self, seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "_wait_for", noted)
        assert (await added(page, b"a" * 3_000_000, "a.txt"))[0] == 303
        assert uploads.WITHIN in seen
        seen.clear()
        await _posted(page, f"{PLACE}/places", {"place_name": "x", "place": "1, 1"})
        assert BODY_WITHIN in seen
        assert uploads.WITHIN not in seen
    await asyncio.sleep(0)
