"""Guesses, copied cookies and planted files: the page stays shut to strangers, and open to its owner."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import scrypt
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from structlog.testing import capture_logs

from console import guesses
from console.guesses import network
from console.sessions import FILE, MOST_BROWSERS, Kept, Sessions
from tests.console.conftest import ANA, Page, serve

PASSWORD = "correct-horse-battery"
OWNER = "198.51.100.7"
STRANGER = "203.0.113.9"


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """A page with a password, and a proxy on the same machine in front of it: the tests are the proxy."""
    async with serve(tmp_path, password=PASSWORD) as served:
        yield served


@asynccontextmanager
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


async def log_in(page: Page, session: aiohttp.ClientSession, password: str = PASSWORD, at: str = OWNER) -> int:
    """POST the form from an address: the status, which is 303 for the right password."""
    headers = {"Origin": page.address, "X-Forwarded-For": at}
    async with session.post(
        f"{page.address}/login", data={"password": password}, headers=headers, allow_redirects=False
    ) as answer:
        return answer.status


async def log_out(page: Page, session: aiohttp.ClientSession) -> None:
    headers = {"Origin": page.address}
    async with session.post(f"{page.address}/logout", headers=headers, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["location"]) == (303, "/login")


async def ask(page: Page, session: aiohttp.ClientSession, **headers: str) -> int:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with session.get(f"{page.address}/desk", headers=given) as answer:
        return answer.status


async def guess(page: Page, at: str, password: str = "a guess") -> int:
    """Send a password as a program does."""
    async with browser() as program:
        return await ask(page, program, Authorization=f"Bearer {password}", X_Forwarded_For=at)


async def storm(page: Page) -> None:
    """As many wrong passwords as strangers have, from as few addresses as that takes."""
    for n in range(guesses.STRANGERS):
        assert await guess(page, f"203.0.113.{n // guesses.EACH}") == 401


async def test_one_address_has_few_guesses(page: Page) -> None:
    """Its next password is not looked at, not even the right one; another address is not concerned."""
    for _ in range(guesses.EACH):
        assert await guess(page, STRANGER) == 401
    assert await guess(page, STRANGER, PASSWORD) == 429
    async with browser() as owner:
        assert await log_in(page, owner, at=STRANGER) == 429
        assert await log_in(page, owner) == 303


async def test_all_strangers_together_have_few_guesses(page: Page) -> None:
    """From however many addresses; the log says it once."""
    with capture_logs() as lines:
        await storm(page)
        assert await guess(page, "192.0.2.1", PASSWORD) == 429
        assert await guess(page, "192.0.2.2", PASSWORD) == 429
    assert [line["event"] for line in lines].count("strangers_kept_out") == 1


async def test_strangers_keep_no_known_browser_out(page: Page) -> None:
    """Who is logged in stays so, and who was logged in there before logs in again, from wherever."""
    async with browser() as owner:
        assert await log_in(page, owner) == 303
        await storm(page)
        assert await ask(page, owner) == 200
        await log_out(page, owner)
        assert await ask(page, owner) == 401
        assert await log_in(page, owner, at="192.0.2.1") == 303


async def test_strangers_keep_no_known_address_out(page: Page) -> None:
    """A program that was let in is let in again, and a new browser beside it."""
    assert await guess(page, OWNER, PASSWORD) == 200
    await storm(page)
    assert await guess(page, OWNER, PASSWORD) == 200
    async with browser() as owner:
        assert await log_in(page, owner) == 303
        assert await log_in(page, owner, at="192.0.2.1") == 303


async def test_guesses_from_the_owners_address(page: Page) -> None:
    """They use up what new browsers there have, and not what a known one has."""
    async with browser() as owner, browser() as other:
        assert await log_in(page, owner) == 303
        await log_out(page, owner)
        for _ in range(guesses.EACH):
            assert await guess(page, OWNER) == 401
        assert await log_in(page, other) == 429
        assert await log_in(page, owner) == 303


async def test_a_known_browser_has_few_guesses_too(page: Page) -> None:
    """A cookie that was copied gives no more of them, and the strangers' are not fewer by it."""
    async with browser() as owner:
        assert await log_in(page, owner) == 303
        await log_out(page, owner)
        for n in range(guesses.EACH):
            assert await log_in(page, owner, "a guess", at=f"192.0.2.{n}") == 403
        assert await log_in(page, owner) == 429
    assert await guess(page, STRANGER, PASSWORD) == 200


async def test_a_client_cannot_choose_its_address(page: Page) -> None:
    """A proxy adds the address that it sees at the end, and that one counts."""
    for n in range(guesses.EACH):
        assert await guess(page, f"192.0.2.{n}, {STRANGER}") == 401
    assert await guess(page, f"192.0.2.99, {STRANGER}", PASSWORD) == 429


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("made up", "unknown"),
        ("203.0.113.9, 1", "unknown"),
    ],
)
def test_addresses_as_they_are_counted(host: str, counted: str) -> None:
    """A network of IPv6 is one place; texts that are no address are one place too."""
    assert network(host) == counted


async def test_log_out_ends_the_session(page: Page) -> None:
    """A copy of the cookie opens nothing any more."""
    async with browser() as owner, browser() as thief:
        assert await log_in(page, owner) == 303
        (cookie,) = owner.cookie_jar
        copied = f"{cookie.key}={cookie.value}"
        assert await ask(page, thief, Cookie=copied) == 200
        await log_out(page, owner)
        assert await ask(page, thief, Cookie=copied) == 401


async def test_log_out_ends_the_live_stream(page: Page) -> None:
    """Also one that was opened with a copy."""
    assert await log_in(page, page.session) == 303
    async with page.stream(f"/api/chats/{ANA.chat}/stream") as stream:
        await stream.next("status")
        await log_out(page, page.session)
        with pytest.raises((EOFError, aiohttp.ClientError, ConnectionError)):
            await stream.next("never")


async def test_logging_in_again_ends_the_former_session(page: Page) -> None:
    """A browser has one, and each gets a new cookie."""
    async with browser() as owner, browser() as thief:
        assert await log_in(page, owner) == 303
        (former,) = owner.cookie_jar
        assert await log_in(page, owner) == 303
        (cookie,) = owner.cookie_jar
        assert cookie.value != former.value
        assert await ask(page, thief, Cookie=f"{former.key}={former.value}") == 401


def test_sessions_outlive_a_restart(tmp_path: Path) -> None:
    """The file is this user's alone, and its content opens nothing: it has neither the cookie nor the password."""
    kept = Sessions(tmp_path / FILE, PASSWORD)
    token = kept.begin(None, OWNER)
    again = Sessions(tmp_path / FILE, PASSWORD)
    browser = again.browser_of(token)
    assert browser is not None
    assert again.session(browser)
    assert again.knows_address(OWNER)
    assert again.cookie == kept.cookie
    text = (tmp_path / FILE).read_text()
    assert token not in text
    assert PASSWORD not in text
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    for word in _words(json.loads(text)):
        assert again.browser_of(word) is None


def test_log_out_outlives_a_restart(tmp_path: Path) -> None:
    """The session is over; the browser is known."""
    kept = Sessions(tmp_path / FILE, PASSWORD)
    browser = kept.browser_of(kept.begin(None, OWNER))
    assert browser is not None
    kept.end(browser)
    assert not Sessions(tmp_path / FILE, PASSWORD).session(browser)


def test_another_password_ends_all_sessions(tmp_path: Path) -> None:
    """Also where the first one comes back; the browsers stay known."""
    token = Sessions(tmp_path / FILE, PASSWORD).begin(None, OWNER)
    for password in ("another-password", "", PASSWORD):
        other = Sessions(tmp_path / FILE, password)
        browser = other.browser_of(token)
        assert browser is not None
        assert not other.session(browser)


def test_a_page_without_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is hidden, so no slow hash is made; sessions of users last, also those in a file of an older release, in
    which the empty password has such a hash."""
    salt = "ab" * 16
    older = Kept("recado-12345678", salt, scrypt(b"", salt=salt.encode(), n=2**14, r=8, p=1).hex())
    (tmp_path / FILE).write_bytes(msgspec.json.encode(older))
    monkeypatch.setattr("console.sessions.scrypt", None)
    with capture_logs() as told:
        token = Sessions(tmp_path / FILE, "").begin(None, OWNER, "ana", "1")
        again = Sessions(tmp_path / FILE, "")
    assert told == []
    browser = again.browser_of(token)
    assert browser is not None
    assert again.session(browser)
    assert not again.is_password("")


def test_two_instances_on_one_host(tmp_path: Path) -> None:
    """Browsers send the cookies of every port of a host: each instance has a name of its own for its cookie."""
    assert Sessions(tmp_path / "one", PASSWORD).cookie != Sessions(tmp_path / "two", PASSWORD).cookie


def test_no_link_is_followed(tmp_path: Path) -> None:
    """Neither to read another user's sessions nor to write over another user's file."""
    kept = Sessions(tmp_path / "elsewhere", PASSWORD)
    token = kept.begin(None, OWNER)
    theirs = (tmp_path / "elsewhere").read_text()
    (tmp_path / "precious").write_text("precious")
    (tmp_path / FILE).symlink_to(tmp_path / "elsewhere")
    (tmp_path / f"{FILE}.new").symlink_to(tmp_path / "precious")
    mine = Sessions(tmp_path / FILE, PASSWORD)
    assert mine.browser_of(token) is None
    mine.begin(None, OWNER)
    assert (tmp_path / "elsewhere").read_text() == theirs
    assert (tmp_path / "precious").read_text() == "precious"
    assert not (tmp_path / FILE).is_symlink()


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b'{"cookie":"x; Domain=example.com","salt":"a","password":"aa"}',
        '{"cookie":"recado-01234567","salt":"é","password":"é"}'.encode(),
        b'{"cookie":"recado-01234567","salt":"a","password":"aa","browsers":{"a":{"session_until":9e99,"known_until":9e99}}}',
    ],
)
def test_a_damaged_file_lets_no_client_in(tmp_path: Path, damaged: bytes) -> None:
    """Without the hash of the password no session in it counts; the page starts."""
    (tmp_path / FILE).write_bytes(damaged)
    kept = Sessions(tmp_path / FILE, PASSWORD)
    assert not kept.session("a")
    assert kept.browser_of(kept.begin(None, OWNER)) is not None
    assert Sessions(tmp_path / FILE, PASSWORD).cookie == kept.cookie


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A full disk keeps no user out: the session lasts as long as the process, and the log says so."""
    with capture_logs() as lines:
        kept = Sessions(tmp_path / "missing" / FILE, PASSWORD)
        browser = kept.browser_of(kept.begin(None, OWNER))
    assert browser is not None
    assert kept.session(browser)
    assert {line["event"] for line in lines} == {"sessions_not_stored"}


def test_kept_messages_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of browsers and of addresses; the latest stay."""
    monkeypatch.setattr("os.fsync", lambda _file: None)
    kept = Sessions(tmp_path / FILE, PASSWORD)
    tokens = [kept.begin(None, f"192.0.2.{n % 256}") for n in range(MOST_BROWSERS + 10)]
    assert sum(kept.browser_of(token) is not None for token in tokens) == MOST_BROWSERS
    assert kept.browser_of(tokens[-1]) is not None
    assert (tmp_path / FILE).stat().st_size < 128 * 1024
    assert kept.knows_address("192.0.2.9")
    assert not kept.knows_address("192.0.2.100")


def _words(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for pair in value.items() for one in pair for word in _words(one)]
    if isinstance(value, list):
        return [word for one in value for word in _words(one)]
    return [value] if isinstance(value, str) else []
