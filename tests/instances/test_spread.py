"""Three instances on one bus share the chats."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from events.ids import partition
from tests.chaos.delays import instance_of
from tests.chaos.fleet import CHATS, fleet


async def test_each_chat_has_one_owner_and_nobody_has_too_many(tmp_path: Path) -> None:
    """All partitions are owned, by each instance at least half of its fair share; whoever owns a chat answers it."""
    async with fleet(tmp_path, "a", "b", "c", latency=0.1) as those:
        leases = await those.started("a", "b", "c")
        assert min(leases.shares().values()) >= len(CHATS) // 3 // 2, leases.shares()
        await asyncio.gather(*(those.outsider.write(key, "m1") for key in CHATS))
        for key in CHATS:
            reply = await those.log.ended(key, "m1")
            assert instance_of(reply) == leases.owners[partition(key)]
        assert len(those.model.requests) == len(CHATS)
        assert "turn_adopted" not in those.log.decided()
        await those.kept_its_promises("a", "b", "c")


async def test_everybody_tells_who_has_what(tmp_path: Path) -> None:
    """`recado instances` says the same wherever it is asked, and it is what stands in the leases."""
    async with fleet(tmp_path, "a", "b", "c") as those:
        leases = await those.started("a", "b", "c")
        for name in ("a", "b", "c"):
            told = await those[name].run("instances", "--json")
            assert told.code == 0, told
            shares = {each["instance"]: len(each["partitions"]) for each in json.loads(told.out)}
            assert shares == leases.shares()
            shown = await those[name].run("instances")
            assert shown.code == 0, shown
            assert all(other in shown.out for other in ("a", "b", "c"))
