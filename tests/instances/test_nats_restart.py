"""The bus goes away and comes back under three instances."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.chaos.delays import instance_of
from tests.chaos.fleet import CHATS, fleet


@pytest.mark.parametrize("servers", [1, 3], ids=["the only server", "the leader of three"])
@pytest.mark.slow("a cluster elects a leader, and leases are taken again")
async def test_nothing_is_lost_and_everybody_goes_on(tmp_path: Path, servers: int) -> None:
    """kill -9 of the server while the model writes: every message is answered once, the leases are as before, and
    no process had to be started again."""
    async with fleet(tmp_path, "a", "b", "c", servers=servers, latency=0.5) as those:
        before = await those.started("a", "b", "c")
        await asyncio.gather(*(those.outsider.write(key, "m1") for key in CHATS))
        await those.restart_bus(away=1.0)
        await asyncio.gather(*(those.outsider.written(key, "m2") for key in CHATS))
        for key in CHATS:
            await those.log.ended(key, "m1")
            await those.log.ended(key, "m2")
        assert (await those.spread("a", "b", "c")).owners == before.owners
        for name in ("a", "b", "c"):
            await those.healthy(name)
            assert those[name].starts == 1
        for number, key in enumerate(CHATS[:8]):
            await those.answered(key, "m3")
            assert instance_of(await those.log.ended(key, "m3")) == before.owners[number]
        await those.kept_its_promises("a")


@pytest.mark.slow("it sleeps longer than a presence of 3 s lasts")
async def test_the_server_was_only_asleep(tmp_path: Path) -> None:
    """It is frozen with replies on their way, for longer than any presence lasts: no instance answers, and
    all of them go on when the server does."""
    async with fleet(tmp_path, "a", "b") as those:
        before = await those.started("a", "b")
        chats = [await those.chat_of("a"), await those.chat_of("b")]
        (server,) = those.servers
        with those.model.holding():
            for key in chats:
                await those.outsider.write(key, "m1")
            await those.model.until(lambda requests: len(requests) == len(chats))
            server.freeze()
        for name in ("a", "b"):
            await those[name].said("lease_lost")
        server.thaw()
        for key in chats:
            await those.log.ended(key, "m1")
            await those.answered(key, "m2")
        assert (await those.spread("a", "b")).owners == before.owners
        await those.kept_its_promises("a")
