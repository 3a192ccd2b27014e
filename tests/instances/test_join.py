"""One more instance comes while people wait for their answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.chaos.fleet import CHATS, fleet


async def test_the_newcomer_gets_its_share_and_nothing_else_moves(tmp_path: Path) -> None:
    """Partitions move to the newcomer only; turns that run in them are answered once, by whoever has them then."""
    async with fleet(tmp_path, "a", "b", latency=1.0) as those:
        before = await those.started("a", "b")
        those.member("c").start()
        await those["c"].said("started")
        await asyncio.gather(*(those.outsider.write(key, "m1") for key in CHATS))
        after = await those.spread("a", "b", "c")
        moved = {number for number, owner in after.owners.items() if owner != before.owners[number]}
        assert moved
        assert {after.owners[number] for number in moved} == {"c"}
        for key in CHATS:
            await those.log.ended(key, "m1")
        assert (await those.answered(CHATS[min(moved)], "m2")).startswith("c-")
        await those.kept_its_promises("a", "b", "c")
