"""SIGSTOP: an instance that does not know that it was away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.chaos.fleet import fleet
from tests.chaos.outsider import BOB


@pytest.mark.slow("a lease outlives its holder by 3 s, and others begin only then")
async def test_a_zombie_decides_nothing_and_is_a_member_again(tmp_path: Path) -> None:
    """It is frozen in the middle of a run until its chats are others', and thawed: it decides nothing about the turn
    that was adopted, drops its work, and has its share again. Its process is the same."""
    async with fleet(tmp_path, "a", "b", "c") as those:
        before = await those.started("a", "b", "c")
        lost = await those.chat_of("b")
        with those.model.holding():
            await those.outsider.write(lost, "m1")
            await those.model.until(lambda requests: len(requests) == 1)
            those["b"].freeze()
        reply = await those.log.ended(lost, "m1")
        assert not reply.msg_id.startswith("b-")
        await those.spread("a", "c")
        those["b"].thaw()
        assert (await those.spread("a", "b", "c")).owners == before.owners
        await those.healthy("b")
        assert (await those.answered(lost, "m2")).startswith("b-")
        assert those["b"].starts == 1
        await those.kept_its_promises("b")


@pytest.mark.slow("a lease outlives its holder by 3 s, and others begin only then")
async def test_everybody_was_frozen(tmp_path: Path) -> None:
    """A laptop's lid was closed over all of them: they go on, and no message is answered twice."""
    async with fleet(tmp_path, "a", "b") as those:
        await those.started("a", "b")
        chats = [await those.chat_of("a"), await those.chat_of("b"), BOB]
        with those.model.holding():
            for key in chats:
                await those.outsider.write(key, "m1")
            await those.model.until(lambda requests: len(requests) == len(chats))
            for name in ("a", "b"):
                those[name].freeze()
        await asyncio.sleep(4)  # longer than any lease lasts: this is the time that passes
        for name in ("a", "b"):
            those[name].thaw()
        for key in chats:
            await those.log.ended(key, "m1")
        await those.spread("a", "b")
        await those.kept_its_promises("a")
