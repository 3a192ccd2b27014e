"""One more instance comes while people wait for their answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.chaos.fleet import CHATS, fleet
from tests.waiting import until


async def test_the_newcomer_gets_its_share_and_little_else_moves(tmp_path: Path) -> None:
    """A third of the partitions goes to the newcomer; turns that run in them are answered once."""
    async with fleet(tmp_path, "a", "b", latency=1.0) as those:
        before = await those.started("a", "b")
        those.member("c").start()
        await those["c"].said("started")
        await asyncio.gather(*(those.outsider.write(key, "m1") for key in CHATS))

        async def has_its_share() -> bool:
            # The two others let go one after the other.
            return (await those.spread("a", "b", "c")).shares()["c"] >= len(CHATS) // 3

        await until(has_its_share)
        after = await those.spread("a", "b", "c")
        moved = {number for number, owner in after.owners.items() if owner != before.owners[number]}
        assert after.shares()["c"] <= len(moved) < len(CHATS) // 2
        for key in CHATS:
            await those.log.ended(key, "m1")
        assert (await those.answered(await those.chat_of("c"), "m2")).startswith("c-")
        await those.kept_its_promises("c")
