"""The choice of a language, and the pages and scripts that follow it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.languages import ADDRESSES
from events.inbound import Message
from tests.console.conftest import ANA, Page, serve
from tests.console.given import HTML, address, given

PASSWORD = "correct-horse-battery"


@pytest.fixture
async def locked(tmp_path: Path) -> AsyncIterator[Page]:
    async with serve(tmp_path, password=PASSWORD) as page:
        yield page


async def chosen(page: Page, language: str, shown: str = "") -> tuple[int, str, str]:
    """POST the form at the foot of the page `shown`: the status, where it leads, and the cookie that it sets."""
    headers = {"Origin": page.address} | ({"Referer": shown} if shown else {})
    async with page.session.post(
        page.address + "/language", data={"language": language}, headers=headers, allow_redirects=False
    ) as response:
        return response.status, response.headers.get("location", ""), response.headers.get("set-cookie", "")


async def language_of(page: Page, path: str, accepted: str = "") -> str:
    _, text = await page.get(path, **({"accept-language": accepted} if accepted else {}))
    (tag,) = re.findall(r'<html lang="([^"]*)"', text)
    return str(tag)


async def test_a_page_follows_the_browser_then_the_choice(page: Page) -> None:
    assert await language_of(page, "/desk/settings") == "en"
    assert await language_of(page, "/desk/settings", "pt-BR,en;q=0.5") == "pt-BR"
    status, to, cookie = await chosen(page, "es", page.address + "/desk/settings?x=1#y")
    assert (status, to) == (303, "/desk/settings?x=1")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert await language_of(page, "/desk/settings", "pt-BR,en;q=0.5") == "es"


async def test_the_login_form_too_is_in_a_language_that_can_be_chosen(locked: Page) -> None:
    assert await language_of(locked, "/login", "pt") == "pt-BR"
    assert (await chosen(locked, "es", locked.address + "/login?to=/desk"))[:2] == (303, "/login?to=/desk")
    assert await language_of(locked, "/login", "pt") == "es"


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "https://evil.example/x",
        "//evil.example",
        "evil",
        "http://[",
        "{}//evil.example",
        "{}/\\evil.example",
        "{}.evil/x",
    ],
)
async def test_the_form_leads_to_no_other_site(page: Page, shown: str) -> None:
    assert (await chosen(page, "es", shown.format(page.address)))[:2] == (303, "/desk")


@pytest.mark.parametrize("language", ["", "xx", "../es", "es\n", "es; path=/x", "EN"])
async def test_a_language_that_there_is_not_is_refused(page: Page, language: str) -> None:
    status, _, cookie = await chosen(page, language)
    assert (status, cookie) == (400, "")


async def test_scripts_get_the_words_of_the_page(page: Page) -> None:
    """In English they have them themselves."""
    _, english = await page.get("/desk/settings")
    assert "/static/words/" not in english
    _, spanish = await page.get("/desk/settings", **{"accept-language": "es"})
    (address,) = re.findall(r'<script defer src="([^"]+)"', spanish)
    assert address == ADDRESSES["es"]
    async with page.session.get(page.address + address) as response:
        assert response.content_type == "text/javascript"
        assert "immutable" in response.headers["cache-control"]
        assert (await response.text()).startswith("globalThis.recadoWords = {")
    assert (await page.get("/static/words/en.js"))[0] == 404
    assert (await page.get("/static/words/..%2Fes.js"))[0] == 404


async def test_the_language_is_chosen_in_a_chat_too(page: Page) -> None:
    """Beside the person: where a chat fills the screen, neither the list nor the foot of a page is on it."""
    await given(page, ANA, Message(id="a1", text="hello"))
    shown = (await page.get(address(ANA, "?pane=person"), **HTML))[1]
    person = shown.partition('id="person"')[2]
    assert 'action="/language"' in person
    assert 'id="language-here"' in person
    assert len(re.findall('id="language"', shown)) == 1
    status, to, _ = await chosen(page, "es", page.address + address(ANA, "?pane=person"))
    assert (status, to) == (303, address(ANA, "?pane=person"))
