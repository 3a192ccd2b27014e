"""Users of the desk for tests: a page with some, each logged in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from events.memory_users import MemoryUsers
from events.users import StoredUser
from tests.console.conftest import CHEAP, Page, serve
from tests.waiting import until

WORD = "correct-horse-battery"
HASH = CHEAP.hash(WORD)
AT = datetime(2026, 11, 29, 12, tzinfo=UTC)


def user(name: str, **fields: Any) -> StoredUser:
    given = {"name": name, "role": "agent", "password": HASH, "logins": "0" * 16, "at": AT, "by": "cli:me"}
    return StoredUser(**given | fields)


async def put(page: Page, book: MemoryUsers, *users: StoredUser) -> None:
    """Store users, and wait until the page knows them."""
    for one in users:
        await book.write(one, expected=(await book.look()).seq)
        assert page.users is not None
        await until(lambda: page.users.find(one.name) == one)  # type: ignore[union-attr] # noqa: B023


async def removed(page: Page, book: MemoryUsers, name: str) -> None:
    await book.remove(name, "cli:me", expected=(await book.look()).seq)
    await until(lambda: page.users.find(name) is None)  # type: ignore[union-attr]


def cookie(page: Page, one: StoredUser) -> dict[str, str]:
    """The header of a browser in which the user is logged in."""
    sessions = page.deps.entrance.sessions
    assert sessions is not None
    return {"Cookie": f"{sessions.cookie}={sessions.begin(None, '192.0.2.1', one.name, one.logins)}"}


@asynccontextmanager
async def peopled(folder: Path, *users: StoredUser, **how: Any) -> AsyncIterator[tuple[Page, MemoryUsers]]:
    """A page with these users."""
    book = MemoryUsers()
    async with serve(folder, users=book, **how) as page:
        await put(page, book, *users)
        yield page, book


async def log_in(page: Page, name: str, word: str = WORD, **headers: str) -> tuple[int, str]:
    """POST the form: the status, and where it leads or what it says. The session keeps the cookie."""
    return await form(page, "/login", {"name": name, "password": word}, **headers)


async def form(page: Page, path: str, data: Mapping[str, str], **headers: str) -> tuple[int, str]:
    given = {"Origin": page.address, "accept": "text/html", **headers}
    async with page.session.post(
        page.address + path, data=dict(data), headers=given, allow_redirects=False
    ) as response:
        return response.status, response.headers.get("location") or await response.text()


async def status(page: Page, path: str = "/desk", **headers: str) -> int:
    async with page.session.get(page.address + path, headers=headers, allow_redirects=False) as response:
        return response.status
