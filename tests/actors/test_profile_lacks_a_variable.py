"""Chats whose profile names a variable that is unset."""

from __future__ import annotations

import pytest

from events.decisions import Ignored, Reply, TurnFailed
from tests.actors.profiled import ANA, BOB, Shops, in_force, profiles_in, street, until


class TestWithoutAVariable:
    async def test_messages_wait_until_it_is_there(self) -> None:
        """Given a profile whose key is unset, then its chats wait, others are answered, and the key ends the wait."""
        shops = Shops()
        shops.missing.add("BAKERY_KEY")
        await shops.apply("bakery", key="BAKERY_KEY")
        async with street(shops) as (home, _):
            await home.say("m1", key=ANA)
            await home.say("m2", key=BOB)
            home.model.answer(await home.model.asked(1))
            await home.decided(Reply, key=BOB)
            assert not profiles_in(home.reads)
            assert home.reads.chat(ANA).waiting
            shops.found(home, "BAKERY_KEY")
            shops.model("bakery").answer(await shops.model("bakery").asked(1))
            await home.decided(Reply, key=ANA)
            assert profiles_in(home.reads) == ["bakery@1"]

    @pytest.mark.parametrize("change", ["the variable is there", "another version", "removed", "one of its own"])
    async def test_a_chat_that_sleeps_is_woken(self, change: str) -> None:
        """Given a chat that waits and has left memory, when the variable is there or another profile is in force,
        then it is answered."""
        shops = Shops()
        shops.missing.add("BAKERY_KEY")
        await shops.apply("bakery", key="BAKERY_KEY")
        async with street(shops, idle_after=0.0) as (home, _):
            await home.say("m1", key=ANA)
            await home.reads.seen(lambda one: one.key == ANA)
            await until(lambda: bool(shops.made) and len(home.router) == 0)
            if change == "the variable is there":
                shops.found(home, "BAKERY_KEY")
            elif change == "one of its own":
                await shops.apply("vip", chats=(ANA.chat,))
            else:
                await shops.apply("bakery", removed=change == "removed")
            name = "vip" if change == "one of its own" else "bakery"
            model = home.model if change == "removed" else shops.model(name)
            model.answer(await model.asked(1))
            await home.decided(Reply, key=ANA)

    async def test_a_turn_that_runs_ends(self) -> None:
        """Given a turn that runs, when the new version names a variable that is unset, then the turn is answered by the
        version that can, and the next message waits."""
        shops = Shops()
        shops.missing.add("NEW_KEY")
        await shops.apply("bakery")
        async with street(shops) as (home, _):
            await home.say("m1", key=ANA)
            asked = await shops.model("bakery").asked(1)
            await shops.apply("bakery", key="NEW_KEY")
            await in_force(shops, "bakery@2")
            await home.say("m2", key=ANA)
            shops.model("bakery").answer(asked)
            await home.decided(Reply, key=ANA)
            await home.reads.seen(lambda one: getattr(one.event, "id", "") == "m2")
            assert profiles_in(home.reads) == ["bakery@1"]
            await shops.apply("bakery")
            asked = await shops.model("bakery").asked(2)
            shops.model("bakery").answer(asked)
            await home.decided(Reply, 2, key=ANA)
            assert profiles_in(home.reads) == ["bakery@1", "bakery@3"]

    async def test_nothing_gets_stale_meanwhile(self) -> None:
        """Given messages that get stale at once, when their profile cannot be used, then they wait all the same."""
        shops = Shops()
        shops.missing.add("BAKERY_KEY")
        await shops.apply("bakery", key="BAKERY_KEY", stale_after=0)
        async with street(shops) as (home, _):
            await home.say("m1", key=ANA)
            await home.say("m2", key=BOB)
            home.model.answer(await home.model.asked(1))
            await home.decided(Reply, key=BOB)
            assert not [one for one in home.reads.events if isinstance(one.event, Ignored | TurnFailed)]
