"""The editor of profiles in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page as Window

from events.memory_profiles import MemoryProfileLog
from tests.console.conftest import serve
from tests.console.profiled import Trying

pytestmark = pytest.mark.browser


async def test_a_draft_outlives_a_reload_until_it_is_stored(tmp_path: Path, window: Window) -> None:
    log = MemoryProfileLog()
    async with serve(tmp_path, profiles=lambda page: Trying(log, page.log)) as page:
        await window.goto(f"{page.address}/desk/profiles/bakery")
        prompt = window.locator("#i-ai_system_prompt")
        await prompt.fill("Today is ")
        await window.get_by_role("button", name="{date}", exact=True).click()
        await window.get_by_text("people", exact=True).click()
        await window.fill("[name='s.takeover']", "2h")
        await window.reload()
        assert await prompt.input_value() == "Today is {date}"
        assert await window.input_value("[name='s.takeover']") == "2h"
        await window.click("button[value=save]")
        await window.locator(".told").wait_for()
        assert (await log.look()).newest["bakery"].settings == {"ai_system_prompt": "Today is {date}", "takeover": "2h"}
        await prompt.fill("another")
        await window.get_by_role("link", name="Leave it").click()
        await window.wait_for_url("**/bakery")
        assert await prompt.input_value() == "Today is {date}"
