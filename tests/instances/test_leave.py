"""An instance is asked to stop, under load."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.chaos.fleet import CHATS, fleet
from tests.chaos.load import SETTINGS, Mix, writing

BUSY = Mix(chats=200, pause=0.05, trouble_at_the_provider=0)


@pytest.mark.slow("instances let go of their partitions one after the other")
async def test_it_leaves_under_load(tmp_path: Path) -> None:
    """It ends with 0, the others have its chats, every message has its ending; when it is back it gets its share."""
    async with fleet(tmp_path, "a", "b", "c", latency=0.3, **SETTINGS) as those:
        before = await those.started("a", "b", "c")
        async with writing(those.outsider, those.model, random.Random("leave"), BUSY):
            await those.log.seen("reply", times=20)
            assert await those["b"].stop() == 0
            await those.spread("a", "c")
            seq = those.log.events[-1].seq
            await those.log.seen("reply", times=20, after=seq)
            assert (await those.started("b", among=("a", "b", "c"))).owners == before.owners
        await those.kept_its_promises("b")


async def test_it_finishes_what_runs(tmp_path: Path) -> None:
    """It answers the turns that it has begun; the others answer the messages that come meanwhile."""
    async with fleet(tmp_path, "a", "b", latency=1.5) as those:
        await those.started("a", "b")
        mine = await those.chat_of("b")
        await those.outsider.write(mine, "m1")
        await those.model.until(lambda requests: len(requests) == 1)
        stopping = asyncio.create_task(those["b"].stop())
        await those.spread("a")
        assert (await those.answered(mine, "m2")).startswith("a-")
        assert await stopping == 0
        assert (await those.log.ended(mine, "m1")).msg_id.startswith("b-")
        assert len(those.model.requests) == 2
        await those.kept_its_promises("a")


@pytest.mark.slow("a stop waits 5 s for a run that hangs")
async def test_all_leave_at_once(tmp_path: Path) -> None:
    """No instance is left to take over: each ends with 0, and the next one to start answers the pending messages."""
    async with fleet(tmp_path, "a", "b", "c") as those:
        await those.started("a", "b", "c")
        those.model.fail("hang", times=3)
        for key in CHATS[:3]:
            await those.outsider.write(key, "m1")
        await those.model.until(lambda requests: len(requests) == 3)
        assert await asyncio.gather(*(those[name].stop() for name in ("a", "b", "c"))) == [0, 0, 0]
        assert not (await those.leases()).members
        await those.started("b")
        for key in CHATS[:3]:
            await those.log.ended(key, "m1")
        await those.kept_its_promises("b")
