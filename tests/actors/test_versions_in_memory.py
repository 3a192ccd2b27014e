"""Which versions of profiles an instance keeps in memory."""

from __future__ import annotations

import asyncio
import gc

import pytest

from actors.profiles import MOST_FORMER
from events.decisions import Reply
from events.profile import Profile
from tests.actors.profiled import ANA, Shops, in_force, street


class TestVersionsInMemory:
    async def test_a_version_is_made_when_it_is_needed(self) -> None:
        """Given many profiles, when one chat is answered, then one answering is made."""
        shops = Shops()
        for number in range(20):
            await shops.apply(f"shop{number}")
        await shops.apply("bakery")
        async with street(shops) as (home, _):
            await home.say("m1", key=ANA)
            shops.model("bakery").answer(await shops.model("bakery").asked(1))
            await home.decided(Reply, key=ANA)
            assert shops.made == ["bakery@1"]

    async def test_former_versions_leave_but_for_those_that_a_turn_uses(self) -> None:
        """Given a turn of an old version and many newer ones that were used, then few are kept, and the turn's is."""
        shops = Shops()
        await shops.apply("bakery")
        async with street(shops) as (home, _):
            await home.say("m1", key=ANA)
            asked = await shops.model("bakery").asked(1)
            for number in range(2, MOST_FORMER + 40):
                await shops.apply("bakery")
                await in_force(shops, f"bakery@{number}")
                shops.bus.of(ANA)
            gc.collect()
            kept = [ref for ref in shops.made if shops.bus.named(ref) is not None]
            assert len(kept) <= MOST_FORMER + 2
            assert "bakery@1" in kept
            shops.model("bakery").answer(asked)
            assert (await home.decided(Reply, key=ANA)).profile == "bakery@1"

    async def test_a_former_version_is_read_once_for_many_chats(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given many turns of a former version, as after a restart, when all ask for it at once, then it is read once,
        and one answering is made of it."""
        shops = Shops()
        await shops.apply("bakery")
        await shops.apply("bakery")
        reads, read = list[str](), shops.stored.version

        async def version(name: str, n: int) -> Profile | None:
            reads.append(f"{name}@{n}")
            await asyncio.sleep(0)
            return await read(name, n)

        monkeypatch.setattr(shops.stored, "version", version)
        async with street(shops):
            found = await asyncio.gather(*(shops.bus.find("bakery@1") for _ in range(50)))
        assert {id(one) for one in found} == {id(found[0])}
        assert reads == shops.made == ["bakery@1"]

    @pytest.mark.parametrize(
        "ref", ["", "bakery", "bakery@", "@1", "bakery@0", "bakery@x", "bakery@²", "b@" + "9" * 99]
    )
    async def test_a_name_that_is_no_version(self, ref: str) -> None:
        """Whatever a log names as a profile is found, or waits."""
        shops = Shops()
        await shops.apply("bakery")
        async with street(shops):
            found = await shops.bus.find(ref)
            assert bool(found.lacks) is bool(ref)
