"""Every word on every page of the desk is a translated one, or data: whatever is not between marks is in no catalog."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest

from console import languages
from console.access import RULES
from projections.story.reasons import EXPLAINED, FAILED, NOT_SENT
from recado.profiles.keys import KEY_NAMES
from recado.profiles.overlay import SETTABLE
from recado.settings.settings import settings_of
from recado.settings.shown import lines
from tests.console.conftest import Page
from tests.console.marking import TAG, Marking, bare, words_of
from tests.console.profiled import GIVEN
from tests.console.whole_desk import whole_desk

MOST = 400
"""Pages that are read."""

NAMES = {
    "recado", "English", "Español", "Português", "WhatsApp", "LID", "UTC", "https", "kB", "MB", "ms", "min",
    "Location",  # begins the words that the model is told of a place, which are those that the log has
    "int", "str",  # types of JSON
    # data of the tests
    "ana",
    "bakery", "PAUSED", "REJECTED", "el", "faq", "lid", "us", "md", "net", "pdf", "png", "seq", "txt",
    "wamid", "whatsapp",
}  # fmt: skip
"""Words that are the same in every language."""

KEPT = {
    word
    for text in (
        *EXPLAINED, *FAILED, *NOT_SENT, *SETTABLE, *KEY_NAMES, *GIVEN.values(), "accounts chats groups",
        *(f"{one.name} {one.value}" for one in lines(settings_of(GIVEN))),
        *(one.reader.takes for one in SETTABLE.values() if one.reader.takes.startswith("one of ")),
    )
    for word in words_of(text)
}  # fmt: skip
"""Names of reasons and of settings, and the values of these: they are written so in files and commands too."""
NOT_PAGES = re.compile("/(content|media|parts)(/|[?]|$)")


class Whole(NamedTuple):
    page: Page
    headers: dict[str, str]


@pytest.fixture
async def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Whole]:
    monkeypatch.setitem(languages._TRANSLATES, TAG, Marking())
    async with whole_desk(tmp_path) as (page, headers):
        yield Whole(page, {"accept": "text/html", "Cookie": f"{headers['Cookie']}; language={TAG}"})


@pytest.mark.slow("reads every page of the desk")
async def test_every_word_of_every_page(whole: Whole) -> None:
    """Every address to which a page of the desk leads, from the list of chats on."""
    found: dict[str, set[str]] = {}
    waiting, seen = ["/desk", "/login", "/desk/nothing", "/desk/numbers?days=2"], set[str]()
    while waiting and len(seen) < MOST:
        path = waiting.pop()
        if path in seen or NOT_PAGES.search(path):
            continue
        seen.add(path)
        status, text = await whole.page.get(path, **whole.headers)
        assert status < 500, (path, text)
        for word in set(bare(str(text))) - NAMES - KEPT:
            found.setdefault(word, set()).add(path)
        waiting += [unescape(one) for one in re.findall(r'(?:href|data-refresh)="(/desk[^"#]*)', str(text))]
    assert not found, "\n".join(f"{word}: {min(paths)}" for word, paths in sorted(found.items()))
    routes = (route for route in RULES if route.startswith("GET /desk") and not NOT_PAGES.search(route))
    unread = {route for route in routes if not any(map(_addresses(route).fullmatch, seen))}
    assert unread == {
        "GET /desk/documents/drafts/one",
        "GET /desk/files/{account}/places",  # leads elsewhere
        "GET /desk/profiles/{name}/trials/{id}",
    }


def _addresses(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[^}]*\}", ".+", route.split()[1]) + "([?].*)?")
