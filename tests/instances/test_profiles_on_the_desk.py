"""The desk's profiles in a real `recado up`: tried, stored, and in force without a restart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.chaos.process import Recado, asks, recado
from tests.console.profiled import fields_of
from tests.doubles.openai_server import OpenAIDouble
from tests.waiting import until

ANA = "5511999990001"
PIRATE = "You are a pirate."


def prompts(double: OpenAIDouble) -> list[str]:
    """The system prompts of the requests so far, which are forgotten, each without recado's rule."""
    seen = [request.body["messages"][0]["content"].partition("\n")[0] for request in double.requests]
    double.requests.clear()
    return seen


async def run(up: Recado, *command: str) -> str:
    done = await up.run(*command)
    assert done.code == 0, done
    return done.out


@pytest.mark.slow("a whole recado, and a process for each command")
async def test_a_profile_is_tried_and_stored_on_the_desk_and_answers_the_next_turn(tmp_path: Path) -> None:
    """The draft answers the past message again, which nobody is sent; once it is stored, the next reply is by it, and
    `history`, `why` and the chat's page name it."""
    async with OpenAIDouble() as double:
        with recado(tmp_path, command="up", AI_SYSTEM_PROMPT="Be kind.", **asks(double)) as up:
            await up.started()
            page = (await up.said("started"))["page"]
            await run(up, "say", ANA, "hello")
            assert prompts(double) == ["Be kind."]
            async with aiohttp.ClientSession(page, headers={"Origin": page}) as desk:
                async with desk.get("/desk/profiles/pirates") as shown:
                    form = fields_of(await shown.text())
                form |= {"accounts": "local", "s.ai_system_prompt": PIRATE}
                async with desk.post("/desk/profiles/pirates", data=form | {"do": "try"}) as begun:
                    assert begun.status == 200, await begun.text()
                    trial = begun.url

                async def tried() -> str:
                    async with desk.get(trial) as shown:
                        text = await shown.text()
                    return "" if "Cancel" in text else text

                assert (await until(tried)).count("reply to: hello") == 2
                assert prompts(double) == [PIRATE]
                async with desk.post("/desk/profiles/pirates", data=form | {"do": "save"}) as stored:
                    assert "said=saved" in str(stored.url), await stored.text()
            seen: list[str] = []
            while PIRATE not in seen:  # in force means within two seconds
                await run(up, "say", ANA, "and now?")
                seen = prompts(double)
            _, chat = await up.asked(f"/desk/chats/local/{ANA}@s.whatsapp.net")
            assert '<a href="/desk/profiles/pirates">pirates@1</a>' in chat
            entries: Any = json.loads(await run(up, "history", ANA, "--json"))
            by = [entry.get("profile") for entry in entries if entry["author"] == "assistant"]
            assert (by[0], by[-1]) == (None, "pirates@1")
            assert ", profile pirates@1" in await run(up, "why", entries[-1]["id"])
