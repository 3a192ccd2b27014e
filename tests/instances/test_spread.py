"""Three instances on one bus share the chats."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.chaos.delays import instance_of
from tests.chaos.fleet import CHATS, fleet


async def test_each_chat_has_one_owner_and_everybody_knows_who(tmp_path: Path) -> None:
    """All partitions are owned, by each instance as many as by the others, give or take one. The owner of a chat
    answers it. `recado instances` says the same wherever it is asked."""
    async with fleet(tmp_path, "a", "b", "c", latency=0.1) as those:
        leases = await those.started("a", "b", "c")
        assert sorted(leases.shares().values()) == [21, 21, 22]
        await asyncio.gather(*(those.outsider.write(key, "m1") for key in CHATS))
        for number, key in enumerate(CHATS):
            assert instance_of(await those.log.ended(key, "m1")) == leases.owners[number]
        assert len(those.model.requests) == len(CHATS)
        assert "turn_adopted" not in those.log.decided()
        for name in ("a", "b", "c"):
            told = await those[name].run("instances", "--json")
            assert told.code == 0, told
            members = json.loads(told.out)
            assert {one["instance"]: len(one["partitions"]) for one in members} == leases.shares()
            assert sum(one["chats"] for one in members) == len(CHATS)
            assert all(one["state"] == "member" and one["version"] for one in members)
        await those.kept_its_promises("a", "b", "c")
