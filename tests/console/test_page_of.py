"""Requests of a page that was made for another user than the one who is logged in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.access import ANSWERED, ASKED, FIELD
from events.inbound import Message
from tests.console.conftest import ANA, Page
from tests.console.given import address, given
from tests.console.ordering import orders
from tests.console.people import cookie, form, peopled, user

ADA, BEA = user("ada"), user("bea")
TEMPLATES = Path(__file__).parents[2] / "console/templates"


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with peopled(tmp_path, ADA, BEA) as (served, _):
        await given(served, ANA, Message(id="a1", text="hello"))
        yield served


@pytest.mark.parametrize("path", ["", "/orders", "/looking"])
async def test_the_script_of_another_users_page(page: Page, path: str) -> None:
    """Given a page of ada, when bea is logged in, then all that its script asks is refused, with bea's name."""
    method = "POST" if path else "GET"
    headers = {ASKED: "ada", "Origin": page.address, "accept": "application/json", **cookie(page, BEA)}
    data = {"id": "0" * 16, "command": "pause"} if path else None
    async with page.session.request(method, page.address + address(ANA) + path, headers=headers, data=data) as answer:
        assert (answer.status, answer.headers[ANSWERED]) == (409, "bea")
        if path:
            assert "this page is of ada. Nothing was done." in (await answer.json())["error"]
    assert await orders(page, ANA) == []


@pytest.mark.parametrize("is_upload", [False, True])
async def test_a_form_of_another_users_page(page: Page, is_upload: bool) -> None:
    """Without script the form itself says for whom its page was made."""
    given_ = {FIELD: "ada", "id": "0" * 16, "command": "note", "text": "Called her."}
    if is_upload:
        given_ |= {"command": "send"}
    status, said = await form(page, address(ANA) + "/orders", given_, **cookie(page, BEA))
    assert status == 409
    assert "this page is of ada" in said
    assert await orders(page, ANA) == []
    await form(page, address(ANA) + "/orders", given_ | {FIELD: "bea"}, **cookie(page, BEA))
    assert [one.by for one in await orders(page, ANA)] == ["bea"]


def test_each_form_says_for_whom_its_page_was_made() -> None:
    """But for those that need no user, and the one that ends the session."""
    forms = [
        (path.name, found)
        for path in sorted(TEMPLATES.glob("*.html"))
        for found in re.findall(r'<form (?:[^<>]|<[^<]*>)*?method="post".*', path.read_text())
    ]
    silent = [name for name, found in forms if f'name="{FIELD}"' not in found]
    assert silent == ["_languages.html", "base.html", "login.html"]
    assert len(forms) > 20
