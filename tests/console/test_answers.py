"""What every answer to a user has in common: it ends with the session, and tells how recado stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import aiohttp
import msgspec
import pytest
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from console import answers
from console.access import RULES
from console.entrance import LetIn
from events.memory_users import MemoryUsers
from tests.console.conftest import Page, serve
from tests.console.people import AT, cookie, form, peopled, put, removed, user

TOM, ANA = user("tom", role="owner"), user("ana", role="owner")
GETS = sorted(route.partition(" ")[2] for route, rule in RULES.items() if route.startswith("GET ") and rule.role)
PIECE = b"x" * 10


class Desk(NamedTuple):
    page: Page
    book: MemoryUsers


async def endless(_scope: Scope, receive: Receive, send: Send) -> None:
    """A stream, which ends once its browser has gone."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


async def measured(_scope: Scope, receive: Receive, send: Send) -> None:
    """A file, of which a browser has read the beginning."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"99")]})
    await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


def answered_by(page: Page, answer: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
    """Have each GET that needs a login answered so, behind its own rule."""
    for route in page.app.routes:
        if isinstance(route, Route) and route.path in GETS and "GET" in (route.methods or ()):
            route.app._app = answer  # type: ignore[attr-defined]


def address_of(path: str) -> str:
    """An address of the route."""
    values = {"{account}": "local", "{chat}": "12025550143@s.whatsapp.net", "{seq:int}": "1", "{number:int}": "1"}
    for name, value in values.items():
        path = path.replace(name, value)
    return path.replace("{id:path}", "x").replace("{", "").replace("}", "")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with peopled(tmp_path, TOM, ANA) as (page, book):
        yield Desk(page, book)


async def logs_out(desk: Desk, headers: Mapping[str, str]) -> None:
    assert (await form(desk.page, "/logout", {}, **headers))[0] == 303


async def is_removed(desk: Desk, _headers: Mapping[str, str]) -> None:
    await removed(desk.page, desk.book, TOM.name)


def changes(**fields: object) -> Callable[[Desk, Mapping[str, str]], Awaitable[None]]:
    async def change(desk: Desk, _headers: Mapping[str, str]) -> None:
        await put(desk.page, desk.book, msgspec.structs.replace(TOM, at=AT, **fields))

    return change


ENDS = {
    "logged out": logs_out,
    "removed": is_removed,
    "another password": changes(logins="1" * 16),
    "another role": changes(role="viewer"),
    "other accounts": changes(role="agent", accounts=("local",)),
}


@pytest.mark.parametrize("end", ENDS)
async def test_the_answers_of_each_route_end_with_the_session(desk: Desk, end: str) -> None:
    """Whatever it streams, and for each way in which rights end; those of another user go on."""
    page = desk.page
    answered_by(page, endless)
    own, other = cookie(page, TOM), cookie(page, ANA)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        open_ = [await session.get(page.address + address_of(path), headers=own) for path in GETS]
        others = await session.get(page.address + "/desk", headers=other)
        try:
            assert [one.status for one in open_] == [200] * len(GETS), [(one.url.path, one.status) for one in open_]
            await ENDS[end](desk, own)
            async with asyncio.timeout(60):
                assert [await one.read() for one in open_] == [PIECE] * len(GETS)
            assert await others.content.readexactly(len(PIECE)) == PIECE
            assert not others.content.at_eof()
        finally:
            for one in (*open_, others):
                one.close()


async def test_a_file_that_is_cut_off_is_not_taken_for_whole(desk: Desk) -> None:
    page = desk.page
    answered_by(page, measured)
    own = cookie(page, TOM)
    async with page.session.get(page.address + "/desk", headers=own) as got:
        await logs_out(desk, own)
        with pytest.raises(aiohttp.ClientPayloadError):
            async with asyncio.timeout(60):
                await got.read()


async def test_what_follows_a_whole_answer_is_not_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page, ended = desk.page, asyncio.get_running_loop().create_future()

    async def whole(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": PIECE})
        try:
            await asyncio.sleep(3 * answers.LOOK_EVERY)  # its timer is later than that of the next look
        except BaseException as error:
            ended.set_result(error)
            raise
        ended.set_result(None)

    monkeypatch.setattr(answers, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(LetIn, "is_still", lambda _: False)
    answered_by(page, whole)
    async with page.session.get(page.address + "/desk", headers=cookie(page, TOM)) as got:
        assert await got.read() == PIECE
    async with asyncio.timeout(60):
        assert await ended is None


@pytest.mark.parametrize("path", GETS)
async def test_a_stream_of_another_users_page(desk: Desk, path: str) -> None:
    """A browser asks for it with the cookie of the user who logged in since: it is refused, by each route."""
    page = desk.page
    answered_by(page, endless)
    asked = f"{page.address}{address_of(path)}?page_of="
    for of, status in ((ANA.name, 409), (TOM.name, 200), ("", 200)):
        async with page.session.get(asked + of, headers=cookie(page, TOM)) as got:
            assert got.status == status
            assert got.headers.get("recado-user") == (TOM.name if status == 409 else None)


async def test_what_the_script_is_told(desk: Desk) -> None:
    """Of the rights, another mark once they change; of recado, the sentence that the page shows, and the bus."""
    page, own = desk.page, cookie(desk.page, TOM)

    async def told() -> tuple[str, str, str]:
        async with page.session.get(page.address + "/desk?part=list", headers=own) as got:
            assert got.status == 200
            names = ("recado-rights", "recado-trouble", "recado-bus")
            rights, trouble, bus = (got.headers[name] for name in names)
            return rights, unquote(trouble), bus

    rights, *rest = await told()
    assert rest == ["", "there"]
    page.troubles.append("the disk is full – “now”")
    assert await told() == (rights, "recado takes no work now: the disk is full – “now”.", "there")
    page.has_bus = False
    assert (await told())[1:] == (page_line(await html(page, own)), "away")
    await put(page, desk.book, msgspec.structs.replace(TOM, role="viewer"))
    assert (await told())[0] != rights


async def html(page: Page, headers: Mapping[str, str]) -> str:
    return str((await page.get("/desk", accept="text/html", **headers))[1])


def page_line(shown: str) -> str:
    """The sentence about recado on a page."""
    return shown.partition('id="trouble"')[2].partition(">")[2].partition("</p>")[0]


async def test_a_page_says_that_the_bus_is_away(tmp_path: Path) -> None:
    """Each page, without script; it is hidden while all is well."""
    async with serve(tmp_path) as page:
        assert page_line(await html(page, {})) == ""
        page.has_bus = False
        for path in ("/desk", "/desk/numbers", "/desk/settings"):
            shown = str((await page.get(path, accept="text/html"))[1])
            assert page_line(shown).startswith("recado answers, but its bus does not.")
