"""Trials of a draft on the desk's page of a profile."""

from __future__ import annotations

import asyncio

import pytest

from console.profiles.port import TrialAsked
from tests.console.profiled import Desk, desk, fields_of

__all__ = ["desk"]


async def test_a_draft_is_tried_before_it_is_saved(desk: Desk) -> None:
    fields = await desk.form("bakery") | {"accounts": "shop", "s.ai_system_prompt": "Arr", "max_turns": "7"}
    status, place = await desk.post("/desk/profiles/bakery", fields | {"do": "try"})
    assert status == 303
    assert "1 of 2 turns are answered, 300 of 50,000 tokens" in (await desk.get(place))[1]
    assert (await desk.log.look()).seq == 0
    desk.profiles.go_on.set()
    text = await ended(desk, place)
    assert "Are you &lt;open&gt;?" in text
    assert "Yes, we are." in text
    assert "Arr, we be." in text
    ((draft, asked),) = desk.profiles.tried
    assert (draft.settings["ai_system_prompt"], asked) == ("Arr", TrialAsked(days=2, max_turns=7, max_tokens=50_000))
    back = (await desk.post(place, {"do": "edit"}))[1]
    assert fields_of(back)["s.ai_system_prompt"] == "Arr"
    assert await desk.post(place, {"do": "save"}) == (303, "/desk/profiles/bakery?said=saved")
    assert (await desk.newest("bakery")).settings == {"ai_system_prompt": "Arr"}


async def test_a_trial_is_cancelled(desk: Desk) -> None:
    _, place = await desk.post("/desk/profiles/bakery", await desk.form("bakery") | {"do": "try"})
    await desk.post(place, {"do": "cancel"})
    assert "Cancelled after 1 turns and 300 tokens" in await ended(desk, place)


async def test_a_trial_that_comes_to_nothing_says_why(desk: Desk) -> None:
    desk.profiles.refuses = "nobody wrote in that time what would be answered"
    desk.profiles.go_on.set()
    _, place = await desk.post("/desk/profiles/bakery", await desk.form("bakery") | {"do": "try"})
    assert desk.profiles.refuses in await ended(desk, place)


async def test_only_two_trials_run_at_once(desk: Desk) -> None:
    fields = await desk.form("bakery") | {"do": "try"}
    for _ in range(2):
        assert (await desk.post("/desk/profiles/bakery", fields))[0] == 303
    status, text = await desk.post("/desk/profiles/bakery", fields)
    assert (status, "Other trials run already" in text) == (429, True)


@pytest.mark.parametrize("given", [{"days": "0"}, {"max_turns": "many"}, {"max_tokens": "9" * 30}])
async def test_limits_of_a_trial_are_checked(desk: Desk, given: dict[str, str]) -> None:
    status, text = await desk.post("/desk/profiles/bakery", await desk.form("bakery") | {"do": "try"} | given)
    assert (status, "whole numbers: days 1–30" in text, desk.profiles.tried) == (400, True, [])


async def ended(desk: Desk, place: str) -> str:
    async with asyncio.timeout(60):
        while "data-ended" not in (text := (await desk.get(f"{place}?part=trial"))[1]):
            await asyncio.sleep(0.01)
    return text
