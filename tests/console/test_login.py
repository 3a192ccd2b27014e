"""Behind a password: who is let in, how long, and what becomes of guesses."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from yarl import URL

from console import sessions
from console.sessions import FILE, Sessions
from recado.settings.environment import SettingsInvalid
from recado.settings.settings import settings_of
from tests.console.conftest import Page, serve

PASSWORD = "correct-horse-battery"


@pytest.fixture
async def locked(tmp_path: Path) -> AsyncIterator[Page]:
    """A page that asks for the password."""
    async with serve(tmp_path, password=PASSWORD) as page:
        yield page


async def logged_in(page: Page, password: str = PASSWORD, to: str = "/desk/numbers", **headers: str) -> tuple[int, str]:
    """POST the form: the status, and where it leads or what it says. The session keeps the cookie."""
    given = {"Origin": page.address, **headers}
    async with page.session.post(
        page.address + "/login", data={"password": password, "to": to}, headers=given, allow_redirects=False
    ) as response:
        return response.status, response.headers.get("location") or await response.text()


def cookie_of(page: Page) -> str:
    """What the browser sends, as a header."""
    (cookie,) = page.session.cookie_jar
    return f"{cookie.key}={cookie.value}"


@pytest.mark.parametrize("path", ["/", "/desk", "/desk/settings", "/api/overview", "/metrics"])
async def test_nothing_is_shown_without_a_login(locked: Page, path: str) -> None:
    """A browser is led to the form, a program is told what to send."""
    status, shown = await locked.get(path)
    assert status == 401
    assert "Authorization: Bearer" in shown["error"]
    async with locked.session.get(
        locked.address + path, headers={"accept": "text/html"}, allow_redirects=False
    ) as response:
        assert (response.status, response.headers["location"]) == (303, f"/login?to={path}")


@pytest.mark.parametrize(
    "address",
    ["/desk?show=waiting&q=p%C3%A3o+de+queijo", "/desk/chats/local/a%2Fb%40s.whatsapp.net?around=a1", "/desk?"],
)
async def test_the_login_leads_to_the_whole_address(locked: Page, address: str) -> None:
    """With its filter and search, as the browser sent it."""
    form = {"accept": "text/html"}
    url = URL(locked.address + address, encoded=True)
    async with locked.session.get(url, headers=form, allow_redirects=False) as response:
        login = URL(response.headers["location"], encoded=True)
    assert login.path == "/login"
    to = login.query["to"]
    assert to == address.rstrip("?")
    data = {"password": PASSWORD, "to": to}
    headers = {"Origin": locked.address}
    async with locked.session.post(
        f"{locked.address}/login", data=data, headers=headers, allow_redirects=False
    ) as done:
        assert (done.status, done.headers["location"]) == (303, to)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/login", "/static/base.css"])
async def test_addresses_that_tell_nothing_are_open(locked: Page, path: str) -> None:
    """Supervisors need no password, and the form needs its style."""
    assert (await locked.get(path))[0] == 200


@pytest.mark.parametrize(("path", "to"), [("/desk/profiles/bakery", "/desk/profiles/bakery"), ("/logout", "/desk")])
async def test_logged_out_before_a_form_came(locked: Page, path: str, to: str) -> None:
    """The page promises no draft that it does not keep."""
    headers = {"Origin": locked.address, "accept": "text/html"}
    async with locked.session.post(locked.address + path, data={"do": "save"}, headers=headers) as response:
        status, shown = response.status, await response.text()
    assert (status, f'name="to" value="{to}"' in shown) == (401, True)
    assert "go back in your browser" in shown


@pytest.mark.parametrize(
    ("to", "leads"),
    [
        ("/", "/"),
        ("/desk?only=mine", "/desk?only=mine"),
        (
            "/desk/chats/local/a%2Fb%40s.whatsapp.net?around=a1#s4",
            "/desk/chats/local/a%2Fb%40s.whatsapp.net?around=a1#s4",
        ),
        ("/logout", "/desk"),
        ("/logout?", "/desk"),
        ("/%6cogout", "/desk"),
        ("/language", "/desk"),
        ("/login", "/desk"),
        ("/login/oidc/back?code=x", "/desk"),
        ("/api/messages", "/desk"),
        ("/nothing/here", "/desk"),
        ("//evil.example", "/desk"),
        ("/\\evil.example", "/desk"),
    ],
)
async def test_the_login_leads_to_pages_alone(locked: Page, to: str, leads: str) -> None:
    """Not to the address of a form, which a browser cannot open, nor to the login again."""
    assert await logged_in(locked, to=to) == (303, leads)


async def test_the_password_lets_in(locked: Page) -> None:
    """The form leads to where one wanted to go; the cookie is for this host's own requests, and no script reads it."""
    assert await logged_in(locked) == (303, "/desk/numbers")
    (cookie,) = locked.session.cookie_jar
    assert cookie["httponly"]
    assert cookie["samesite"] == "strict"
    assert not cookie["secure"]
    assert (await locked.get("/desk"))[0] == 200
    async with locked.session.post(
        locked.address + "/logout", headers={"Origin": locked.address}, allow_redirects=False
    ) as response:
        assert response.status == 303
    assert (await locked.get("/desk"))[0] == 401


async def test_with_tls_in_front_the_cookie_is_for_tls(locked: Page) -> None:
    """The browser's Origin says how it came."""
    address = locked.address.replace("http://", "https://")
    async with locked.session.post(
        locked.address + "/login", data={"password": PASSWORD}, headers={"Origin": address}, allow_redirects=False
    ) as response:
        assert "Secure" in response.headers["set-cookie"]


async def test_any_host_will_do_behind_a_password(locked: Page) -> None:
    """A proxy may have any name; but a form still has to come from the page itself."""
    assert (await locked.get("/healthz", Host="chat.example.com"))[0] == 200
    status, _ = await logged_in(locked, Host="chat.example.com", Origin="https://chat.example.com")
    assert status == 303
    assert (await logged_in(locked, Origin="https://evil.example.com"))[0] == 403


async def test_programs_send_it_along(locked: Page) -> None:
    """As a bearer token."""
    assert (await locked.get("/api/overview", Authorization=f"Bearer {PASSWORD}"))[0] == 200
    assert (await locked.get("/api/overview", Authorization="Bearer wrong"))[0] == 401


async def test_a_wrong_password(locked: Page, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said, and not logged."""
    status, shown = await logged_in(locked, "not-the-password")
    assert status == 403
    assert "not the password" in shown
    assert "not-the-password" not in capsys.readouterr().out


@pytest.mark.parametrize("to", ["//evil.example.com", "https://evil.example.com", "/\\evil.example.com", "x", ""])
async def test_no_login_redirects_to_another_site(locked: Page, to: str) -> None:
    """Only to a page of ours."""
    assert await logged_in(locked, to=to) == (303, "/desk")


@pytest.mark.parametrize("cookie", ["", "in", "in.aaaa.bbbb", ";;;", "\xff"])
async def test_cookies_that_are_made_up(locked: Page, cookie: str) -> None:
    """They let nobody in, and break nothing."""
    assert locked.deps.entrance.sessions is not None
    assert (await locked.get("/desk", Cookie=f"{locked.deps.entrance.sessions.cookie}={cookie}"))[0] == 401


@pytest.mark.parametrize("other", ['j={"a": 1}', "x y=1", "path=1", 'theme="dark', "a[b]=1"])
async def test_cookies_of_other_programs(locked: Page, other: str) -> None:
    """Browsers send those of every port of the host; none logs anybody out, wherever it stands."""
    await logged_in(locked)
    mine = cookie_of(locked)
    locked.session.cookie_jar.clear()
    for cookies in (f"{other}; {mine}", f"{mine}; {other}"):
        assert (await locked.get("/desk", Cookie=cookies))[0] == 200


async def test_a_session_ends(locked: Page, tmp_path: Path) -> None:
    """After two weeks one logs in again; the browser stays known for half a year."""
    await logged_in(locked)
    assert (await locked.get("/desk"))[0] == 200
    passed = 0.0
    later = Sessions(tmp_path / FILE, PASSWORD, lambda: time.time() + passed)
    browser = later.browser_of(cookie_of(locked).partition("=")[2])
    assert browser is not None
    assert later.session(browser)
    passed = sessions.LASTS
    assert not later.session(browser)
    assert later.browser_of(cookie_of(locked).partition("=")[2]) == browser
    passed = sessions.KNOWN
    assert later.browser_of(cookie_of(locked).partition("=")[2]) is None


async def test_without_a_password_the_form_lets_in(page: Page) -> None:
    """On loopback there is nothing to ask."""
    assert await logged_in(page, "anything") == (303, "/desk/numbers")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"RECADO_HOST": "0.0.0.0", "RECADO_PAGE_PASSWORD": "short"}, "give it 12 at least"),
        ({"RECADO_HOST": "0.0.0.0", "RECADO_PAGE_PASSWORD": "aaaaaaaaaaaa"}, "one sign again and again"),
        ({"RECADO_HOST": "example.com"}, "no IP address"),
        ({"RECADO_PROXY_HEADER": "Remote-User"}, "RECADO_PROXY_ADDRESSES"),
        ({"RECADO_PROXY_ADDRESSES": "127.0.0.1"}, "RECADO_PROXY_HEADER"),
        ({"RECADO_PROXY_HEADER": "Cookie", "RECADO_PROXY_ADDRESSES": "127.0.0.1"}, "no header for a name"),
        ({"RECADO_PROXY_HEADER": "A: b", "RECADO_PROXY_ADDRESSES": "127.0.0.1"}, "no header for a name"),
        ({"RECADO_PROXY_HEADER": "Remote-User", "RECADO_PROXY_ADDRESSES": "0.0.0.0/0"}, "every address"),
        ({"RECADO_PROXY_HEADER": "Remote-User", "RECADO_PROXY_ADDRESSES": "proxy"}, "no addresses"),
    ],
)
def test_a_page_for_everybody_is_refused(given: dict[str, str], told: str) -> None:
    """At start, with what to do about it."""
    with pytest.raises(SettingsInvalid, match=told):
        settings_of(given)


def test_a_page_beyond_loopback_with_a_password() -> None:
    """That will do."""
    assert settings_of({"RECADO_HOST": "0.0.0.0", "RECADO_PAGE_PASSWORD": PASSWORD}).host == "0.0.0.0"
