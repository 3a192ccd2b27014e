"""Every instance knows every chat, also those that another one answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.chaos.fleet import Fleet, fleet


async def shown(those: Fleet, name: str, *command: str) -> Any:
    """What a reading command prints there."""
    said = await those[name].run(*command, "--json")
    assert said.code == 0, said
    return json.loads(said.out)


async def test_reads_are_the_same_everywhere(tmp_path: Path) -> None:
    """Chats, history and threads, from each instance's own projection; the page too."""
    async with fleet(tmp_path, "a", "b") as those:
        await those.started("a", "b")
        chats = [await those.chat_of("a"), await those.chat_of("b")]
        for key in chats:
            await those.answered(key, "m1", f"I am {key.chat}")
        await those.kept_its_promises("a", "b")
        for command in (("chats",), ("threads",), *(("history", key.chat) for key in chats)):
            assert await shown(those, "a", *command) == await shown(those, "b", *command)
        for name in ("a", "b"):
            texts = [entry["text"] for entry in await shown(those, name, "history", chats[0].chat)]
            assert texts == [f"I am {chats[0].chat}", f"reply to: I am {chats[0].chat}"]
            assert (await those[name].asked("/"))[0] == 200
            assert (await those[name].asked("/healthz"))[0] == 200


async def test_one_that_is_cut_off_still_tells_what_it_knows(tmp_path: Path) -> None:
    """Its page says that it takes no work, and answers."""
    async with fleet(tmp_path, "a", "b", wired="b") as those:
        await those.started("a", "b")
        await those.answered(await those.chat_of("a"), "m1", "before")
        for proxy in those.wire:
            proxy.part()
        await those.spread("a")
        assert (await those["b"].asked("/readyz"))[0] == 503
        assert (await those["b"].asked("/healthz"))[0] == 200
        assert (await those["b"].asked("/"))[0] == 200
        for proxy in those.wire:
            proxy.heal()
        await those.spread("a", "b")
        await those.healthy("b")
