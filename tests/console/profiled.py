"""The desk with profiles, whose trials do what the test says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from console.profiles.port import Noted, NotTried, TrialAsked
from events.memory_profiles import MemoryProfileLog
from events.profile import Profile
from recado.profiles.desk import DeskProfiles
from recado.profiles.overlay import Overlay
from recado.settings.settings import settings_of
from recado.whatif.report import Asked, Compared, LeftOut, Report, Said, Side
from recado.whatif.sums import Sums
from tests.console.conftest import Page, serve

AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
GIVEN = {
    "OPENAI_API_KEY": "sk-own",
    "RECADO_PROFILE_SERVERS": "https://api.shop.example/v1 SHOP_KEY",
    "RECADO_HOURS": "Mon-Fri 09:00-18:00",
}


class Trying(DeskProfiles):
    """Profiles whose trials do what the test says."""

    def __init__(self, log: MemoryProfileLog, event_log: Any) -> None:
        own = settings_of(GIVEN)
        super().__init__(log, event_log, None, settings_of=Overlay(GIVEN, own, GIVEN.get).settings, own=own)
        self.go_on = asyncio.Event()
        self.refuses = ""
        self.tried: list[tuple[Profile, TrialAsked]] = []

    async def try_out(self, profile: Profile, asked: TrialAsked, note: Callable[[Noted], None]) -> Report:
        self.tried.append((profile, asked))
        note(Noted(1, 2, 300))
        await self.go_on.wait()
        if self.refuses:
            raise NotTried(self.refuses)
        return report()


def report() -> Report:
    sums = Sums(turns=1, replies=1, input_tokens=200, output_tokens=100, seconds=1, median_tokens=300, median_seconds=1)
    turn = Compared(
        account="shop",
        chat="5511999990001@s.whatsapp.net",
        at=AT,
        messages=("m1",),
        said=(Said(text="Are you <open>?"),),
        then=(Side(ending="reply", text="Yes, we are.", model="gpt-6-luna", input_tokens=200, output_tokens=100),),
        now=Side(ending="reply", text="Arr, we be.", model="gpt-6-luna", input_tokens=200, output_tokens=100),
    )
    asked = Asked(
        since=AT, until=AT, changed={}, backend="chat", model="gpt-6-luna", debounce=1.0, history="as it was",
        max_turns=20, max_tokens=50_000,
    )  # fmt: skip
    return Report(asked=asked, turns=(turn,), then=sums, now=sums, left_out=LeftOut())


class Desk:
    """The desk with profiles, as a browser has it."""

    def __init__(self, page: Page, profiles: Trying, log: MemoryProfileLog) -> None:
        self.page = page
        self.profiles = profiles
        self.log = log

    async def get(self, path: str) -> tuple[int, str]:
        status, text = await self.page.get(path, accept="text/html")
        return status, text

    async def post(self, path: str, fields: Mapping[str, str]) -> tuple[int, str]:
        """The status, and where it leads or what it says."""
        async with self.page.session.post(
            self.page.address + path, data=fields, headers={"Origin": self.page.address}, allow_redirects=False
        ) as response:
            return response.status, response.headers.get("location") or await response.text()

    async def form(self, name: str) -> dict[str, str]:
        """The fields of a profile's form, as a browser would send them unchanged."""
        status, text = await self.get(f"/desk/profiles/{name}")
        assert status == 200, text
        return fields_of(text)

    async def store(self, name: str, **fields: Any) -> Profile:
        stored = await self.log.look()
        newest = stored.newest.get(name)
        profile = Profile(name=name, n=1 if newest is None else newest.n + 1, at=AT, by="ana", **fields)
        await self.log.write([profile], expected=stored.seq)
        return profile

    async def newest(self, name: str) -> Profile:
        return (await self.log.look()).newest[name]


def fields_of(text: str) -> dict[str, str]:
    found = text[text.index('<form class="profile"') :]
    found = found[: found.index("</form>")]
    fields = {}
    for tag in re.findall(r"<input [^>]*>", found):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("checkbox" not in tag or "checked" in tag):
            fields[name[1]] = unescape(value[1]) if value else "on"
    for name, value in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', found, re.DOTALL):
        fields[name] = unescape(value)
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', found, re.DOTALL):
        chosen = re.search(r"<option selected>(.*?)</option>", options)
        fields[name] = unescape(chosen[1]) if chosen else ""
    return fields


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    log = MemoryProfileLog()

    def profiled(page: Page) -> Trying:
        return Trying(log, page.log)

    async with serve(tmp_path, profiles=profiled) as page:
        assert isinstance(page.deps.profiles, Trying)
        yield Desk(page, page.deps.profiles, log)
