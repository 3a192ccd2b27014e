"""Attacks on the ways in where users, the page's password and a proxy meet."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from console import guesses
from console.entrance import ProxyHeader
from tests.console.conftest import ANA
from tests.console.people import WORD, cookie, form, log_in, peopled, put, removed, status, user

OLGA, TOM = user("olga", role="owner"), user("tom")
PASSWORD = "the-page-has-a-word"
STREAM = f"/api/chats/{ANA.chat}/stream"
HTTPS = {"Origin": "https://chat.example.com", "Host": "chat.example.com"}
ENDED = (EOFError, aiohttp.ClientError, ConnectionError, asyncio.IncompleteReadError)


async def test_one_password_tried_with_many_names_from_many_places(tmp_path: Path) -> None:
    """All strangers together have few guesses, however they spread them; who is known comes in."""
    async with peopled(tmp_path, OLGA, TOM) as (page, _):
        known = cookie(page, TOM)
        with capture_logs() as lines:
            codes = [
                (await log_in(page, f"user{n}", WORD, **{"X-Forwarded-For": f"198.51.{n // 200}.{n % 200}"}))[0]
                for n in range(guesses.STRANGERS + 3)
            ]
        assert codes == [403] * guesses.STRANGERS + [429] * 3
        assert [line["event"] for line in lines].count("strangers_kept_out") == 1
        assert (await log_in(page, "olga", WORD, **{"X-Forwarded-For": "203.0.113.1"}))[0] == 429
        assert (await log_in(page, "tom", WORD, **{"X-Forwarded-For": "203.0.113.1"}, **known))[0] == 303


async def test_cookies_behind_a_proxy_with_tls(tmp_path: Path) -> None:
    """The session's is for TLS, for this host and our own pages alone, after a login and after another password."""
    new = {"do": "password", "now": WORD, "password": "another-long-word-2", "again": "another-long-word-2"}
    async with peopled(tmp_path, OLGA, TOM) as (page, _):
        for path, data, headers in (
            ("/login", {"name": "tom", "password": WORD}, {}),
            ("/desk/me", new, cookie(page, TOM)),
        ):
            async with page.session.post(
                page.address + path, data=data, headers={**HTTPS, **headers}, allow_redirects=False
            ) as answer:
                assert answer.status == 303
                (given,) = answer.headers.getall("set-cookie")
            flags = {one.strip().lower() for one in given.split(";")[1:]}
            assert {"httponly", "samesite=strict", "secure", "path=/"} <= flags
            assert not any(one.startswith("domain") for one in flags)
        for origin in ("http://chat.example.com.evil.org", "https://evil.example.com", "null", "https://"):
            assert (await log_in(page, "tom", WORD, **{**HTTPS, "Origin": origin}))[0] == 403


async def test_the_first_user_ends_the_sessions_of_the_pages_password(tmp_path: Path) -> None:
    """At once: the page, orders and the open stream. The cookie is worth nothing beside that of a user, and after the
    last user is gone it is no user's."""
    async with peopled(tmp_path, password=PASSWORD) as (page, book):
        assert (await log_in(page, "", PASSWORD))[0] == 303
        (old,) = page.session.cookie_jar
        page.session.cookie_jar.clear()
        mine = {"Cookie": f"{old.key}={old.value}"}
        assert await status(page, **mine) == 200
        async with page.stream(STREAM, **mine) as stream:
            await stream.next("status")
            await put(page, book, OLGA)
            with pytest.raises(ENDED):
                await stream.next("never")
        assert await status(page, **mine) == 401
        assert (await form(page, f"/desk/chats/local/{ANA.chat}/orders", {"command": "pause"}, **mine))[0] == 401
        assert (await page.log.head()).last == 0
        assert (await log_in(page, "", PASSWORD, **mine))[0] == 403
        assert (await log_in(page, "page", PASSWORD, **mine))[0] == 403
        assert (await log_in(page, "olga", WORD, **mine))[0] == 303
        (hers,) = page.session.cookie_jar
        page.session.cookie_jar.clear()
        assert await status(page, **mine) == 401
        await removed(page, book, "olga")
        assert await status(page, Cookie=f"{hers.key}={hers.value}") == 401


async def test_a_page_without_an_owner_stays_shut(tmp_path: Path) -> None:
    """The last owner is removed, or becomes a viewer, under an open page: nobody gets more than they had."""
    async with peopled(tmp_path, OLGA, TOM) as (page, book):
        hers, his = cookie(page, OLGA), cookie(page, TOM)
        assert await status(page, "/desk/settings", **hers) == 200
        await put(page, book, user("olga", role="viewer"))
        assert await status(page, "/desk/settings", **hers) == 404
        await removed(page, book, "olga")
        for headers, code in ((hers, 401), (his, 404), ({}, 401)):
            assert await status(page, "/desk/settings", **headers) == code
        assert await status(page, **his) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "10.0.3.7", "Forwarded": "for=10.0.3.7"},
        {"X-Real-IP": "10.0.3.7", "X-Forwarded-Host": "10.0.3.7"},
        {"X-Forwarded-For": "::ffff:10.0.3.7"},
        {"X-Forwarded-For": "10.0.3.7, 10.0.3.7"},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["Remote-User", "remote-user", "REMOTE-USER"])
async def test_a_visitor_who_plays_the_proxy(tmp_path: Path, headers: dict[str, str], name: str) -> None:
    """The other end of the connection counts, whatever the request says of its way; a session does not help."""
    far = ProxyHeader("Remote-User", (ip_network("10.0.3.0/24"),))
    async with peopled(tmp_path, OLGA, TOM, proxy=far) as (page, _):
        assert await status(page, **{name: "olga"}, **headers) == 403
        assert await status(page, "/desk/settings", **{name: "olga"}, **headers, **cookie(page, TOM)) == 403


NAMES = [
    "оlga",
    "olga\u200b",
    "ｏlga",
    "ol ga",
    "olga,tom",
    "olga;",
    '"olga"',
    "olga@",
    "*",
    "page",
    "olga\t.",
    "o" * 65,
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
async def test_names_that_look_like_another(tmp_path: Path, name: str) -> None:
    """Typed, and told by the proxy: they are nobody's."""
    proxy = ProxyHeader("Remote-User", (ip_network("127.0.0.1"),))
    async with peopled(tmp_path, OLGA, TOM, proxy=proxy) as (page, _):
        assert (await log_in(page, name))[0] == 403
        assert await status(page, **{"Remote-User": name}) == 403
        assert (await log_in(page, " OLGA "))[0] == 303
