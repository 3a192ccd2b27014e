"""The desk's pages of profiles over real HTTP, with the real checks and a stream in memory."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from recado.settings.settings import settings_of
from tests.console.conftest import Page
from tests.console.profiled import Desk, desk, fields_of

__all__ = ["desk"]


async def test_a_profile_is_begun_and_stored(desk: Desk) -> None:
    assert await desk.post("/desk/profiles", {"name": "bakery"}) == (303, "/desk/profiles/bakery")
    fields = await desk.form("bakery")
    fields |= {
        "do": "save",
        "accounts": "shop\n",
        "s.ai_system_prompt": "You are a pirate.\r\nArr.",
        "s.takeover": "2h",
    }
    fields |= {"hours.sat.0.opens": "9:00", "hours.sat.0.closes": "13:00", "s.max_conversation_history": "7"}
    assert await desk.post("/desk/profiles/bakery", fields) == (303, "/desk/profiles/bakery?said=saved")
    stored = await desk.newest("bakery")
    assert (stored.ref, stored.by, stored.accounts) == ("bakery@1", "page", ("shop",))
    assert stored.settings == {
        "ai_system_prompt": "You are a pirate.\nArr.",
        "takeover": "2h",
        "hours": "Sat 09:00-13:00",
        "max_conversation_history": 7,
    }
    assert "bakery</a>" in (await desk.get("/desk/profiles"))[1]


async def test_an_unchanged_form_changes_nothing(desk: Desk) -> None:
    before = await desk.store(
        "bakery", accounts=("shop",), groups=("g/1@g.us",),
        settings={
            "hours": "Mon-Fri 09:00-12:00; Mon-Fri 13:00-18:00", "allow": ["5511999990001", "4930*"], "pairing": True,
            "max_conversation_history": 5, "future": {"a": 1}, "stop_words": "",
        },
        more={"newer": True},
    )  # fmt: skip
    fields = await desk.form("bakery")
    assert fields["hours.mon.1.opens"] == "13:00"
    await desk.post("/desk/profiles/bakery", fields | {"do": "save"})
    after = await desk.newest("bakery")
    settings = dict(after.settings)
    assert spans(settings.pop("hours")) == spans("Mon-Fri 09:00-12:00; Mon-Fri 13:00-18:00")
    assert settings == {name: value for name, value in before.settings.items() if name != "hours"}
    assert (after.n, after.accounts, after.groups, after.more) == (2, before.accounts, before.groups, before.more)


@pytest.mark.parametrize("field", ["apology", "openai_model"])
async def test_lines_of_a_text_stay_lines(desk: Desk, field: str) -> None:
    """A browser takes the ends of lines out of a field for one line."""
    await desk.store("bakery", settings={field: "one\ntwo"})
    _, text = await desk.get("/desk/profiles/bakery")
    assert re.search(rf'<textarea id="i-{field}"[^>]*>one\ntwo</textarea>', text)


def spans(text: str) -> set[Any]:
    return set(settings_of({"RECADO_HOURS": text}).hours)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"s.takeover": "soon"}, "takeover"),
        ({"s.max_conversation_history": "-3"}, "max_conversation_history"),
        ({"hours.mon.0.opens": "25:99", "hours.mon.0.closes": "18:00"}, "hours"),
        ({"hours.mon.0.opens": "18:00", "hours.mon.0.closes": "09:00"}, "hours"),
        ({"s.openai_base_url": "https://evil.example/v1"}, "openai_base_url"),
        (
            {"s.openai_api_key_name": "OPENAI_API_KEY", "s.openai_base_url": "https://api.shop.example/v1"},
            "api_key_name",
        ),
        ({"s.tools": "os"}, "tools"),
    ],
)
async def test_a_wrong_field_comes_back_with_its_reason(desk: Desk, given: dict[str, str], field: str) -> None:
    words = {"do": "save", "s.ai_system_prompt": "kept <words>"}
    status, text = await desk.post("/desk/profiles/bakery", await desk.form("bakery") | words | given)
    assert status == 400
    assert "Nothing was stored" in text
    assert re.search(rf'<p class="bad" role="alert">[^<]*{field}', text), text
    assert fields_of(text)["s.ai_system_prompt"] == "kept <words>"
    assert all(
        fields_of(text)[name] == value.removeprefix("+") for name, value in given.items() if name in fields_of(text)
    )
    assert (await desk.log.look()).seq == 0


async def test_a_change_by_another_person_is_not_overwritten(desk: Desk) -> None:
    await desk.store("bakery", settings={"takeover": "1h"})
    mine = await desk.form("bakery") | {"do": "save", "s.takeover": "3h"}
    await desk.store("bakery", settings={"takeover": "2h"})
    status, text = await desk.post("/desk/profiles/bakery", mine)
    assert status == 409
    assert "changed by ana after you opened it" in text
    assert (await desk.newest("bakery")).settings == {"takeover": "2h"}
    again = fields_of(text)
    assert again["s.takeover"] == "3h"
    assert (await desk.post("/desk/profiles/bakery", again | {"do": "save"}))[0] == 303
    assert (await desk.newest("bakery")).settings == {"takeover": "3h"}


@pytest.mark.parametrize("do", ["save", "remove"])
async def test_a_version_of_a_newer_release_is_not_replaced(desk: Desk, do: str) -> None:
    await desk.store("bakery", settings={"takeover": "1h"})
    newer = b'{"name":"bakery","n":2,"at":"2026-11-29T12:00:00Z","accounts":{"of":"a newer form"}}'
    await desk.log.store(("bakery", newer))
    status, text = await desk.post("/desk/profiles/bakery", await desk.form("bakery") | {"do": do})
    assert (status, "use a newer one" in text) == (503, True)
    assert (await desk.log.look()).seq == 2


async def test_entries_are_stored_as_the_command_stores_them(desk: Desk) -> None:
    """A number that a person types is the chat that recado knows; what names no chat, group or account is told."""
    draft = await desk.form("bakery") | {"do": "save", "chats": "+55 11 99999-0001\nshop/5511999990002"}
    assert (await desk.post("/desk/profiles/bakery", draft))[0] == 303
    newest = await desk.newest("bakery")
    assert newest.chats == ("5511999990001@s.whatsapp.net", "shop/5511999990002@s.whatsapp.net")
    for wrong in ({"chats": "Ana"}, {"groups": "5511999990001"}, {"accounts": "=shop"}):
        (kind,) = wrong
        status, text = await desk.post("/desk/profiles/bakery", await desk.form("bakery") | {"do": "save"} | wrong)
        assert (status, f"{kind} is a list in which" in unescape(text)) == (400, True)


async def test_the_history_names_changes_and_an_old_version_is_used_again(desk: Desk) -> None:
    await desk.store("bakery", accounts=("shop",), settings={"takeover": "1h"})
    await desk.store("bakery", accounts=("shop",), settings={"takeover": "2h", "ai_system_prompt": "Arr"})
    _, text = await desk.get("/desk/profiles/bakery")
    assert "<del>1h</del>" in text
    assert "<ins>2h</ins>" in text
    assert " by ana" in text
    status, old = await desk.get("/desk/profiles/bakery?version=1")
    assert (status, "Use this version again" in old) == (200, True)
    done = await desk.post("/desk/profiles/bakery", {"do": "rollback", "version": "1", "base": "2"})
    assert done == (303, "/desk/profiles/bakery?said=saved")
    newest = await desk.newest("bakery")
    assert (newest.n, newest.by, newest.settings) == (3, "page", {"takeover": "1h"})


async def test_a_profile_is_removed_and_its_name_used_again(desk: Desk) -> None:
    await desk.store("bakery", accounts=("shop",))
    assert await desk.post("/desk/profiles/bakery", {"do": "remove", "base": "1"}) == (303, "/desk/profiles")
    assert (await desk.log.look()).in_force.profiles == {}
    fields = await desk.form("bakery") | {"do": "save", "s.takeover": "1h"}
    assert (await desk.post("/desk/profiles/bakery", fields))[0] == 303
    assert (await desk.newest("bakery")).n == 3


async def test_a_missing_key_is_told_and_does_not_keep_the_profile_from_being_stored(desk: Desk) -> None:
    """Another instance may have it."""
    fields = await desk.form("bakery") | {
        "do": "save",
        "s.openai_base_url": "https://api.shop.example/v1",
        "s.openai_api_key_name": "SHOP_KEY",
    }
    status, place = await desk.post("/desk/profiles/bakery", fields)
    assert status == 303
    assert "This instance lacks SHOP_KEY" in (await desk.get(place))[1]
    assert "This instance lacks SHOP_KEY" in (await desk.get("/desk/profiles"))[1]


@pytest.mark.parametrize("name", ["default", "Bakery", "a b", "../x", "", "a" * 65])
async def test_wrong_names_are_refused(desk: Desk, name: str) -> None:
    status, text = await desk.post("/desk/profiles", {"name": name})
    assert (status, "is no name" in text) == (400, True)


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/desk/profiles/default", {"do": "save"}, 404),
        ("/desk/profiles/bakery", {"do": "explode"}, 400),
        ("/desk/profiles/bakery", {"do": "remove"}, 404),
        ("/desk/profiles/bakery", {"do": "rollback", "version": "9"}, 404),
        ("/desk/profiles/bakery/trials/nothing", {"do": "save"}, 404),
    ],
)
async def test_nonsense_is_refused(desk: Desk, path: str, fields: dict[str, str], status: int) -> None:
    assert (await desk.post(path, fields))[0] == status


async def test_without_profiles_there_are_no_such_pages(page: Page) -> None:
    assert (await page.get("/desk/profiles", accept="text/html"))[0] == 404
    assert "/desk/profiles" not in (await page.get("/desk", accept="text/html"))[1]
