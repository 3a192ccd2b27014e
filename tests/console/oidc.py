"""A page whose users sign in at a double of a provider, and a browser that does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from yarl import URL

from console.sign_in import id_token
from console.sign_in.provider import Provider
from console.sign_in.sign_in import SignIn
from events.memory_users import MemoryUsers
from tests.console.conftest import Page
from tests.console.people import peopled, user
from tests.doubles.oidc_provider import CLIENT, SECRET, ProviderDouble

ANA = user("ana@example.com", password="")
TOM = user("tom", role="owner")
FROM_ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
HTML = {"accept": "text/html"}


@pytest.fixture
async def double() -> AsyncIterator[ProviderDouble]:
    async with ProviderDouble() as provider:
        yield provider


@asynccontextmanager
async def signing(
    folder: Path, double: ProviderDouble, *users: Any, address: str = "", **how: Any
) -> AsyncIterator[tuple[Page, MemoryUsers]]:
    """A page whose users sign in at the double."""
    sign_in = SignIn(Provider(double.issuer, CLIENT, SECRET), id_token, address)
    async with peopled(folder, *users, loopback=False, sign_in=sign_in, **how) as (page, book):
        sign_in.page = address or page.address
        yield page, book


@pytest.fixture
async def page(tmp_path: Path, double: ProviderDouble) -> AsyncIterator[Page]:
    async with signing(tmp_path, double, ANA, TOM) as (served, _):
        yield served


async def asked(page: Page, path: str, **headers: str) -> tuple[int, str, Any]:
    """The status of a GET, where it leads or what it says, and its headers."""
    url = URL(path if path.startswith("http") else page.address + path, encoded=True)
    async with page.session.get(url, headers=HTML | headers, allow_redirects=False) as response:
        return response.status, response.headers.get("location") or await response.text(), response.headers


async def begun(page: Page, to: str = "/desk/numbers") -> str:
    """Where the browser is sent to sign in."""
    status, where, _ = await asked(page, f"/login/oidc?to={quote(to, safe='')}")
    assert status == 303, where
    return where


async def signed_in(page: Page, double: ProviderDouble, to: str = "/desk/numbers") -> tuple[int, str]:
    """The whole way: what the page says in the end."""
    return (await asked(page, double.authorized(await begun(page, to)), **FROM_ELSEWHERE))[:2]


async def is_in(page: Page) -> bool:
    return (await asked(page, "/desk"))[0] == 200
