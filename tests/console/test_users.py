"""Users at the page: they log in with a name and a password, and what lets in follows from what there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from multidict import CIMultiDict
from structlog.testing import capture_logs

from console.entrance import ProxyHeader
from events.inbound import Message
from events.log import LogUnavailable, WriteUnknown
from events.memory_users import MemoryUsers
from tests.console.conftest import ANA as CHAT
from tests.console.conftest import Page, serve
from tests.console.given import address
from tests.console.given import given as happened
from tests.console.people import HASH, WORD, cookie, form, log_in, peopled, put, removed, status, user
from tests.waiting import until

PASSWORD = "page-password-1"
ANA, TOM = user("ana", role="owner"), user("tom")
PROXY = ProxyHeader("Remote-User", (ip_network("127.0.0.1"),))


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[tuple[Page, MemoryUsers]]:
    async with peopled(tmp_path, ANA, TOM) as made:
        yield made


async def test_a_user_logs_in(both: tuple[Page, MemoryUsers]) -> None:
    """In any case of the name; the page has their name, and a way out."""
    page, _ = both
    assert await status(page) == 401
    assert await log_in(page, " Tom ") == (303, "/desk")
    shown = (await page.get("/desk", accept="text/html"))[1]
    assert 'href="/desk/me"' in shown
    assert ">tom</a>" in shown
    assert 'action="/logout"' in shown
    assert (await form(page, "/logout", {}))[0] == 303
    assert await status(page) == 401


async def test_a_user_who_does_not_see_the_phones_begins_at_the_desk(tmp_path: Path) -> None:
    """`recado up` prints the address of the phones, which are no page for this user."""
    async with peopled(tmp_path, ANA, user("ivo", role="viewer", accounts=("shop",))) as (page, _):
        for one, to in (("ivo", "/desk"), ("ana", "/")):
            assert await form(page, "/login", {"name": one, "password": WORD, "to": "/"}) == (303, to)
            assert await status(page, to) == 200


@pytest.mark.parametrize("name", ["nobody", "", "ana'--", "a" * 10_000, "\u0430na", "an\u00e3", "tom\0", "ana@x.org"])
async def test_no_user_of_this_name(both: tuple[Page, MemoryUsers], name: str) -> None:
    """It is said in the same words as a wrong password, and the password is looked at all the same: how long it takes
    tells nothing."""
    page, _ = both
    looked: list[str] = []
    matches = page.deps.passwords.matches

    async def watched(hashed: str, given: str, *, known: bool) -> bool:
        looked.append(hashed)
        return await matches(hashed, given, known=known)

    page.deps.passwords.matches = watched  # type: ignore[method-assign]
    code, shown = await log_in(page, name)
    assert code == 403
    assert "not the name and the password" in shown
    code, shown = await log_in(page, "ana", "wrong-password-1")
    assert code == 403
    assert "not the name and the password" in shown
    assert looked == ["", HASH]


async def test_neither_name_nor_password_of_a_stranger_is_logged(both: tuple[Page, MemoryUsers]) -> None:
    """A password may have been typed as the name."""
    page, _ = both
    with capture_logs() as logs:
        await log_in(page, "my-secret-word", "another-secret")
        await log_in(page, "tom", "another-secret")
    assert "secret" not in str(logs)
    assert [entry.get("user") for entry in logs if entry["event"] == "wrong_password"] == [None, "tom"]


async def test_the_first_user_closes_what_was_open(tmp_path: Path) -> None:
    """On loopback the page is open until then; an open page's streams end."""
    async with peopled(tmp_path) as (page, book):
        assert await status(page) == 200
        await put(page, book, ANA)
        assert await status(page) == 401
        assert await status(page, "/", Host="chat.example.com") == 401
        assert (await log_in(page, "ana"))[0] == 303
        assert await status(page) == 200
        await removed(page, book, "ana")
        page.session.cookie_jar.clear()
        assert await status(page) == 200


async def test_the_pages_password_is_for_programs_once_there_are_users(tmp_path: Path) -> None:
    """It goes on for them, lets no person in any more, and sessions that it began are over. The form says so."""
    async with peopled(tmp_path, password=PASSWORD) as (page, book):
        assert (await form(page, "/login", {"password": PASSWORD}))[0] == 303
        assert await status(page) == 200
        await put(page, book, ANA)
        assert await status(page) == 401
        assert (await form(page, "/login", {"password": PASSWORD}))[0] == 403
        assert (await form(page, "/login", {"name": "page", "password": PASSWORD}))[0] == 403
        shown = (await page.get("/login"))[1]
        assert "for programs alone" in shown
        page.session.cookie_jar.clear()
        assert await status(page, "/metrics", Authorization=f"Bearer {PASSWORD}") == 200
        assert await status(page, "/metrics", Authorization=f"Bearer {WORD}") == 401
        assert "programs" not in (await form(page, "/login", {"name": "ana", "password": WORD}))[1]


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer", "Basic Og==", "Bearer \t", "bearer x"])
async def test_no_password_is_no_password(tmp_path: Path, given: str) -> None:
    """Where the page has none, an empty one is wrong."""
    async with peopled(tmp_path, ANA) as (page, _):
        assert await status(page, "/metrics", Authorization=given) == 401


async def test_beyond_loopback_without_users_nothing_is_shown(tmp_path: Path) -> None:
    """Also after the last one was removed while it ran."""
    async with peopled(tmp_path, ANA, loopback=False) as (page, book):
        assert (await log_in(page, "ana"))[0] == 303
        await removed(page, book, "ana")
        assert await status(page) == 503
        assert (await form(page, "/login", {"name": "ana", "password": WORD}))[0] == 503
        assert await status(page, "/healthz") == 200


async def test_while_the_users_are_not_known_nothing_is_shown(tmp_path: Path) -> None:
    """Whatever else lets in: a page with a password might have users."""
    async with serve(tmp_path, users=MemoryUsers(), password=PASSWORD) as page:
        assert page.users is not None
        page.users._stored = None
        assert await status(page) == 503
        assert await status(page, Authorization=f"Bearer {PASSWORD}") == 503
        assert await status(page, "/readyz") == 200


async def test_an_entry_that_cannot_be_read_opens_nothing(tmp_path: Path) -> None:
    """A page on loopback stays closed, though nobody can log in."""
    async with peopled(tmp_path) as (page, book):
        await book.store("ana", b"{}")
        await until(lambda: page.deps.entrance.mode == "users")
        assert await status(page) == 401
        assert (await log_in(page, "ana"))[0] == 403


async def test_another_password_of_ones_own(both: tuple[Page, MemoryUsers]) -> None:
    """It needs the one that holds, is stored as a hash, leaves this browser logged in, and ends every other session."""
    page, book = both
    elsewhere = cookie(page, TOM)
    assert (await log_in(page, "tom"))[0] == 303
    new = "another-long-word-2"
    for given, wrong in (
        ({"now": "wrong-password-1", "password": new, "again": new}, "not your password now"),
        ({"now": WORD, "password": "short", "again": "short"}, "12 characters at least"),
        ({"now": WORD, "password": "x" * 1025, "again": "x" * 1025}, "1,024 characters at most"),
        ({"now": WORD, "password": new, "again": new + "x"}, "not the same both times"),
    ):
        code, shown = await form(page, "/desk/me", {"do": "password", **given})
        assert (code in (400, 403), wrong in shown) == (True, True), wrong
    done = await form(page, "/desk/me", {"do": "password", "now": WORD, "password": new, "again": new})
    assert done == (303, "/desk/me?said=password")
    assert "logged out everywhere else" in (await page.get(done[1], accept="text/html"))[1]
    entry = (await book.look()).users["tom"]
    assert (entry.by, entry.password.startswith("$argon2id$"), entry.password != HASH) == ("tom", True, True)
    assert entry.logins != TOM.logins
    page.session.cookie_jar.clear()
    assert await status(page, **elsewhere) == 401
    assert (await log_in(page, "tom"))[0] == 403
    assert (await log_in(page, "tom", new))[0] == 303


async def test_log_out_everywhere(both: tuple[Page, MemoryUsers]) -> None:
    """Ends one's own sessions in every browser, and nobody else's."""
    page, _ = both
    elsewhere, other = cookie(page, TOM), cookie(page, ANA)
    assert (await log_in(page, "tom"))[0] == 303
    assert await form(page, "/desk/me", {"do": "logout"}) == (303, "/login")
    assert await status(page) == 401
    page.session.cookie_jar.clear()
    assert await status(page, **elsewhere) == 401
    assert await status(page, **other) == 200


async def test_who_is_no_user_has_no_login_to_change(tmp_path: Path) -> None:
    """Nor on an open page, nor as a program."""
    async with peopled(tmp_path, password=PASSWORD) as (page, book):
        bearer = {"Authorization": f"Bearer {PASSWORD}"}
        assert await status(page, "/desk/me", **bearer) == 404
        await put(page, book, ANA)
        assert await status(page, "/desk/me", **bearer) == 404


async def test_a_proxy_says_who_logged_in(tmp_path: Path) -> None:
    """Each request anew: no session is begun, so the proxy's log-out holds at once."""
    async with peopled(tmp_path, ANA, user("tom", password=""), proxy=PROXY) as (page, _):
        async with page.session.get(
            page.address + "/desk", headers={"Remote-User": "Tom", "accept": "text/html"}
        ) as got:
            assert got.status == 200
            assert ">tom</a>" in await got.text()
            assert "set-cookie" not in got.headers
        assert await status(page) == 401
        assert await status(page, "/desk/settings", **{"Remote-User": "tom"}) == 404
        assert await status(page, "/desk/settings", **{"Remote-User": "ana"}) == 200
        assert (await log_in(page, "tom", ""))[0] == 403
        assert (await log_in(page, "ana"))[0] == 303


@pytest.mark.parametrize("name", ["nobody", "ana,tom", "ana tom", "*", "page"])
async def test_a_proxy_makes_no_user(tmp_path: Path, name: str) -> None:
    """A name that is no user's is refused, whatever else the request has."""
    async with peopled(tmp_path, ANA, TOM, proxy=PROXY) as (page, _):
        assert await status(page, **{"Remote-User": name}, **cookie(page, ANA)) == 403


async def test_the_header_comes_from_the_proxy_alone(tmp_path: Path) -> None:
    """By the connection, not by what the request says of its way; and the log has it."""
    far = ProxyHeader("Remote-User", (ip_network("10.0.3.0/24"),))
    async with peopled(tmp_path, ANA, proxy=far) as (page, _):
        with capture_logs() as logs:
            for forwarded in ("10.0.3.7", "127.0.0.1, 10.0.3.7"):
                assert await status(page, **{"Remote-User": "ana", "X-Forwarded-For": forwarded}) == 403
        assert [entry["peer"] for entry in logs if entry["event"] == "proxy_header_refused"] == ["127.0.0.1"] * 2
        assert await status(page, **{"Remote-User": "", **cookie(page, ANA)}) == 200


async def test_two_names_of_a_proxy_are_none(tmp_path: Path) -> None:
    """One of them may be the visitor's."""
    async with peopled(tmp_path, ANA, TOM, proxy=PROXY) as (page, _):
        twice = CIMultiDict([("Remote-User", "ana"), ("Remote-User", "tom")])
        async with page.session.get(page.address + "/desk", headers=twice) as got:
            assert got.status == 403


async def test_a_change_of_which_nothing_is_known(
    both: tuple[Page, MemoryUsers], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not said that nothing was changed."""
    page, book = both

    async def lost(*_: object, **__: object) -> int:
        raise WriteUnknown(LogUnavailable("no acknowledgement"))

    monkeypatch.setattr(book, "write", lost)
    status, shown = await form(page, "/desk/me", {"do": "logout"}, **cookie(page, ANA))
    assert (status, "it is not known whether this was done" in shown, "Nothing was" in shown) == (503, True, False)


async def test_a_viewer_is_offered_no_reply(tmp_path: Path) -> None:
    """Where there is no form for an answer, no message has a link to it."""
    async with peopled(tmp_path, ANA, user("ivo", role="viewer")) as (page, _):
        await happened(page, CHAT, Message(id="a1", text="hello"))
        for name, offered in (("ivo", False), ("ana", True)):
            assert (await log_in(page, name))[0] == 303
            shown = (await page.get(address(CHAT), accept="text/html"))[1]
            assert ("quote=a1" in shown) == offered
