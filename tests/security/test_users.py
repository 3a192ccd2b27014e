"""Attacks on the logins of users: cookies, guesses, names, and changes under an open page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from console import guesses
from console.passwords import Passwords
from console.sessions import FILE, Sessions
from events.memory_users import MemoryUsers
from events.users import User
from tests.console.conftest import ANA, CHEAP, Page
from tests.console.people import HASH, WORD, cookie, form, log_in, peopled, put, removed, status, user

OWNER, TOM = user("olga", role="owner"), user("tom")
STREAM = f"/api/chats/{ANA.chat}/stream"


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[tuple[Page, MemoryUsers]]:
    async with peopled(tmp_path, OWNER, TOM) as made:
        yield made


async def test_a_planted_cookie_is_no_session(both: tuple[Page, MemoryUsers]) -> None:
    """A cookie that an attacker set before the login is not the one of the session afterwards (fixation), and one of
    another user's session is replaced, not taken over."""
    page, _ = both
    sessions = page.deps.entrance.sessions
    assert sessions is not None
    for planted in (f"{sessions.cookie}=planted", cookie(page, OWNER)["Cookie"]):
        page.session.cookie_jar.clear()
        assert (await log_in(page, "tom", Cookie=planted))[0] == 303
        (own,) = page.session.cookie_jar
        assert own.value not in planted
        page.session.cookie_jar.clear()
        assert await status(page, Cookie=planted) == 401
        assert await status(page, "/desk/settings", Cookie=f"{own.key}={own.value}") == 404


async def test_a_session_of_another_instance_or_time_is_none(both: tuple[Page, MemoryUsers], tmp_path: Path) -> None:
    """Cookies are worth nothing without their instance's file, nor for a user who was removed and made again."""
    page, book = both
    (tmp_path / "other").mkdir()
    other = Sessions(tmp_path / "other" / FILE, "")
    token = other.begin(None, "192.0.2.1", TOM.name, TOM.logins)
    sessions = page.deps.entrance.sessions
    assert sessions is not None
    assert await status(page, Cookie=f"{sessions.cookie}={token}") == 401
    old = cookie(page, TOM)
    assert await status(page, **old) == 200
    await removed(page, book, "tom")
    assert await status(page, **old) == 401
    await put(page, book, user("tom", logins="1" * 16))
    assert await status(page, **old) == 401


@pytest.mark.parametrize("change", ["removed", "limited", "viewer", "logged out"])
async def test_a_stream_ends_with_what_its_user_may_see(both: tuple[Page, MemoryUsers], change: str) -> None:
    """Within two seconds, whatever was changed; the next request has the new rights."""
    page, book = both
    headers = cookie(page, TOM)
    async with page.stream(STREAM, **headers) as stream:
        await stream.next("status")
        if change == "removed":
            await removed(page, book, "tom")
        else:
            made = {
                "limited": {"accounts": ("shop",)},
                "viewer": {"role": "viewer"},
                "logged out": {"logins": "1" * 16},
            }
            await put(page, book, user("tom", **made[change]))
        with pytest.raises((EOFError, aiohttp.ClientError, ConnectionError, asyncio.IncompleteReadError)):
            await stream.next("never")
    assert await status(page, STREAM, **headers) == {"limited": 404, "viewer": 200}.get(change, 401)


async def test_a_stream_of_an_open_page_ends_with_the_first_user(tmp_path: Path) -> None:
    """It was opened by no user."""
    async with peopled(tmp_path) as (page, book), page.stream(STREAM) as stream:
        await stream.next("status")
        await put(page, book, OWNER)
        with pytest.raises((EOFError, aiohttp.ClientError, ConnectionError, asyncio.IncompleteReadError)):
            await stream.next("never")


async def test_many_guesses_at_once_are_counted_before_they_are_looked_at(both: tuple[Page, MemoryUsers]) -> None:
    """Hashing takes time, in which more of them come."""
    page, _ = both
    looked = 0
    matches = page.deps.passwords.matches

    async def slow(hashed: str, given: str, *, known: bool) -> bool:
        nonlocal looked
        looked += 1
        await asyncio.sleep(0)
        return await matches(hashed, given, known=known)

    page.deps.passwords.matches = slow  # type: ignore[method-assign]
    done = await asyncio.gather(*(log_in(page, "tom", f"wrong-password-{n}") for n in range(40)))
    assert looked <= guesses.EACH
    assert sorted({code for code, _ in done}) == [403, 429]


async def test_a_name_has_few_guesses_from_strangers(both: tuple[Page, MemoryUsers]) -> None:
    """From many places, whether it is a user's or not; its owner's browser still comes in, and other names do."""
    page, _ = both
    known = cookie(page, TOM)
    sessions = page.deps.entrance.sessions
    assert sessions is not None
    assert (await form(page, "/logout", {}, **known))[0] == 303
    for name in ("tom", "nobody"):
        for n in range(guesses.OF_A_NAME):
            assert (await log_in(page, name, "wrong-password", **{"X-Forwarded-For": f"198.51.100.{n}"}))[0] == 403
        code, told = await log_in(page, name.upper(), WORD, **{"X-Forwarded-For": "198.51.100.200"})
        assert (code, "of this name" in told) == (429, True)
    assert (await log_in(page, "olga", **{"X-Forwarded-For": "198.51.100.201"}))[0] == 303
    page.session.cookie_jar.clear()
    assert (await log_in(page, "tom", **{"X-Forwarded-For": "198.51.100.202"}, **known))[0] == 303


async def test_guesses_of_ones_own_password_count(both: tuple[Page, MemoryUsers]) -> None:
    """A copied cookie does not find the password by trying it where one changes it."""
    page, book = both
    headers = cookie(page, TOM)
    new = {"do": "password", "password": "another-long-word-2", "again": "another-long-word-2"}
    codes = [
        (await form(page, "/desk/me", {**new, "now": f"guess-{n}"}, **headers))[0] for n in range(guesses.EACH + 2)
    ]
    assert codes == [403] * guesses.EACH + [429] * 2
    assert (await form(page, "/desk/me", {**new, "now": WORD}, **headers))[0] == 429
    assert (await book.look()).users["tom"].password == HASH


async def test_a_form_of_another_site_changes_no_login(both: tuple[Page, MemoryUsers]) -> None:
    """Neither a password nor the sessions."""
    page, book = both
    for data in ({"do": "logout"}, {"do": "password", "now": WORD, "password": "x" * 20, "again": "x" * 20}):
        code, _ = await form(page, "/desk/me", data, Origin="https://evil.example.org", **cookie(page, TOM))
        assert code == 403
    assert (await book.look()).users["tom"] == TOM


async def test_a_user_removed_while_their_password_is_looked_at(both: tuple[Page, MemoryUsers]) -> None:
    """The answer comes too late to let them in."""
    page, book = both
    matches = page.deps.passwords.matches

    async def removing(hashed: str, given: str, *, known: bool) -> bool:
        is_right = await matches(hashed, given, known=known)
        await removed(page, book, "tom")
        return is_right

    page.deps.passwords.matches = removing  # type: ignore[method-assign]
    assert (await log_in(page, "tom"))[0] == 403


async def test_two_changes_of_one_user_at_once(both: tuple[Page, MemoryUsers]) -> None:
    """Both hold: the page looks again, and writes over nothing that it has not seen."""
    page, book = both
    users, me = page.users, User("tom", "agent")
    assert users is not None
    now = TOM.at
    await asyncio.gather(
        *(users.change(me, now, logins=f"{n:016x}") for n in range(3)), users.change(me, now, password="")
    )
    entry = (await book.look()).users["tom"]
    assert (entry.password, entry.logins != TOM.logins, entry.role) == ("", True, "agent")


async def test_a_name_without_a_user_is_hashed_with_the_same_cost() -> None:
    """Time, memory and parallelism of the hash that is looked at are those of a fresh one."""
    passwords = Passwords()
    ours = passwords._of_no_user.split("$")
    fresh = PasswordHasher().hash("x").split("$")
    assert [len(part) for part in ours[1:4]] == [len(part) for part in fresh[1:4]]
    assert ours[1:4] == fresh[1:4]
    assert [len(part) for part in ours[4:]] == [len(part) for part in fresh[4:]]
    assert not await Passwords(CHEAP).matches("", "nobody has this password, never!", known=False)
    with pytest.raises(VerifyMismatchError):  # a hash that is none would be refused at once
        PasswordHasher().verify(passwords._of_no_user, "some password")


@pytest.mark.parametrize("hashed", ["$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$" + "A" * 22, "nonsense", "$argon2id$"])
async def test_a_hash_that_is_none_matches_nothing(hashed: str) -> None:
    """Whatever stands in its place."""
    assert not await Passwords(CHEAP).matches(hashed, WORD, known=True)


@pytest.mark.parametrize(
    ("one", "other"), [("caf\u00e9-caf\u00e9-x", "cafe\u0301-cafe\u0301-x"), ("a" * 1024, "a" * 1024)]
)
async def test_a_password_is_what_a_person_sees(one: str, other: str) -> None:
    """Keyboards write an accent in two ways; a longer password is not the shorter one."""
    passwords = Passwords(CHEAP)
    hashed = await passwords.hashed(one)
    assert await passwords.matches(hashed, other, known=True)
    assert not await passwords.matches(hashed, other + "a", known=True)
