"""The desk offers each role only the pages that this role may see."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Literal

import pytest

from tests.console.people import user
from tests.console.whole_desk import whole_desk

FILES = re.compile("/(content|media|parts)(/|[?]|$)")
MOST = 250


@pytest.mark.slow("reads every page of the desk")
@pytest.mark.parametrize("role", ["agent", "viewer"])
async def test_no_link_leads_to_a_page_that_is_not_there(tmp_path: Path, role: Literal["agent", "viewer"]) -> None:
    async with whole_desk(tmp_path, user("tom", role=role)) as (page, headers):
        waiting, from_, amiss = ["/desk"], {"/desk": ""}, list[tuple[int, str, str]]()
        read = 0
        while waiting and read < MOST:
            path = waiting.pop(0)
            read += 1
            status, text = await page.get(path, accept="text/html", **headers)
            if status >= 400:
                amiss.append((status, path, from_[path]))
            for found in re.findall(r'<a [^>]*href="(/[^"#]*)', str(text)):
                if (there := unescape(found)) not in from_ and not FILES.search(there):
                    from_[there] = path
                    waiting.append(there)
        assert not amiss
        assert read > 50


async def test_an_agent_is_offered_no_collection_that_only_an_owner_can_begin(tmp_path: Path) -> None:
    agent = user("tom")
    async with whole_desk(tmp_path, agent) as (page, headers):
        shown = str((await page.get("/desk/documents", accept="text/html", **headers))[1])
        assert "profile names their collection" in shown
        assert "Another collection" not in shown
