"""Chats of one instance that are answered by different profiles, which change while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from actors.tools.protocol import ToolResult
from backends.protocol import Tool, ToolCall
from chat.references import Referring
from events.decisions import Ignored, Reply, ToolReturned, TurnAdopted
from events.memory_log import MemoryLog
from events.profile import Profile
from events.subjects import ChatKey
from tests.actors.kept_threads import Kept
from tests.actors.profiled import ANA, BOB, Shops, in_force, profiles_in, street, until


class Stock:
    """One tool, of one shop."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.called: list[ChatKey] = []

    async def offered(self, account: str) -> tuple[Tool, ...]:
        return (Tool(name=self.name, description="", parameters={"type": "object"}),)

    def is_safe(self, name: str) -> bool:
        return name == self.name

    async def call(self, key: ChatKey, name: str, arguments: str, references: Sequence[Referring] = ()) -> ToolResult:
        if name != self.name:
            return ToolResult(f"There is no tool {name}", failed=True)
        self.called.append(key)
        return ToolResult(f"{self.name}: 7")


async def test_two_accounts_are_answered_each_in_its_own_way() -> None:
    """Given two accounts with different modes, models, words, history and tools, when both are written to, then each
    has its own, and neither sees anything of the other's."""
    shops = Shops()
    shops.models["kept"] = Kept()
    shops.tools |= {"bread": Stock("bread"), "fruit": Stock("fruit")}
    await shops.apply("bakery", model="by hand", tools="bread", history=1)
    await shops.apply("grocer", model="kept", tools="fruit", words={"apology": "No fruit."})
    async with street(shops) as (home, _):
        await home.say("m1", "a", key=ANA)
        await home.say("m1", "b", key=BOB)
        baker: Any = shops.model("by hand")
        asked = await baker.asked(1)
        assert [tool.name for tool in asked.tools] == ["bread"]
        baker.wants(asked, ToolCall(id="c1", name="bread", arguments="{}"))
        again = await baker.asked(2)
        assert [call.output for call in again.calls] == ["bread: 7"]
        baker.answer(again, "seven")
        await home.decided(Reply, key=ANA)
        kept: Any = shops.models["kept"]
        await until(lambda: bool(kept.runs))
        assert [tool.name for tool in kept.runs[0].tools] == ["fruit"]
        kept.answer(kept.runs[0].turn)
        reply = await home.decided(Reply, key=BOB)
        assert (reply.profile, reply.backend) == ("grocer@1", "responses")
        assert shops.tools["fruit"].called == []
        assert shops.tools["bread"].called == [ANA]
        assert profiles_in(home.reads) == ["bakery@1"]


async def test_a_tool_of_another_shop_is_not_called() -> None:
    """Given a model that asks for another profile's tool, then it is told that there is none."""
    shops = Shops()
    shops.tools |= {"bread": Stock("bread"), "fruit": Stock("fruit")}
    await shops.apply("bakery", tools="bread")
    await shops.apply("grocer", tools="fruit")
    async with street(shops) as (home, _):
        await home.say("m1", key=ANA)
        asked = await shops.model("bakery").asked(1)
        shops.model("bakery").wants(asked, ToolCall(id="c1", name="fruit", arguments="{}"))
        returned = await home.decided(ToolReturned, key=ANA)
        assert returned.failed
        assert not shops.tools["fruit"].called


async def test_a_chat_without_a_profile_has_the_instances_own_settings() -> None:
    """Given profiles for other accounts, then a chat is answered as by a bot without them, and no event names one."""
    shops = Shops()
    await shops.apply("bakery")
    async with street(shops) as (home, _):
        await home.say("m1", key=BOB)
        home.model.answer(await home.model.asked(1))
        reply = await home.decided(Reply, key=BOB)
        assert not reply.profile
        assert profiles_in(home.reads, BOB) == [""]


async def test_a_turn_ends_under_the_profile_with_which_it_began() -> None:
    """Given a turn that runs, when its profile changes, then the turn's tools and its answer are the old profile's, and
    the next turn is the new one's."""
    shops = Shops()
    shops.tools |= {"old": Stock("old"), "new": Stock("new")}
    await shops.apply("bakery", model="old", tools="old")
    async with street(shops) as (home, _):
        await home.say("m1", key=ANA)
        asked = await shops.model("old").asked(1)
        await shops.apply("bakery", model="new", tools="new")
        await in_force(shops, "bakery@2")
        await home.say("m2", key=ANA)
        shops.model("old").wants(asked, ToolCall(id="c1", name="old", arguments="{}"))
        again = await shops.model("old").asked(2)
        assert [tool.name for tool in again.tools] == ["old"]
        shops.model("old").answer(again, "by the old")
        assert (await home.decided(Reply, key=ANA)).profile == "bakery@1"
        asked = await shops.model("new").asked(1)
        assert [line.text for line in asked.history] == ["hello", "by the old"]
        shops.model("new").answer(asked, "by the new")
        assert (await home.decided(Reply, 2, key=ANA)).profile == "bakery@2"
        assert profiles_in(home.reads) == ["bakery@1", "bakery@2"]
        assert shops.tools["old"].called == [ANA]


async def test_a_removed_profile_ends_its_turn() -> None:
    """Given a turn that runs, when its profile is removed, then the turn is answered by it; the next one is answered by
    the instance's own settings."""
    shops = Shops()
    await shops.apply("bakery")
    async with street(shops) as (home, _):
        await home.say("m1", key=ANA)
        asked = await shops.model("bakery").asked(1)
        await shops.apply("bakery", removed=True)
        await until(lambda: not shops.bus.in_force.profiles)
        await home.say("m2", key=ANA)
        shops.model("bakery").answer(asked)
        home.model.answer(await home.model.asked(1))
        await home.decided(Reply, 2, key=ANA)
        assert profiles_in(home.reads) == ["bakery@1", ""]


async def test_the_most_specific_profile_wins_at_once() -> None:
    """Given an account's profile, when the chat gets one of its own, then the next turn has that; when that one is
    removed, the account's is in force again."""
    shops = Shops()
    await shops.apply("bakery")
    async with street(shops) as (home, _):
        for number, (name, change) in enumerate([("bakery", None), ("vip", False), ("bakery", True)], 1):
            if change is not None:
                await shops.apply("vip", chats=(ANA.chat,), removed=change)
                await until(lambda: ("vip" in shops.bus.in_force.profiles) is not change)  # noqa: B023
            await home.say(f"m{number}", key=ANA)
            model = shops.model(name)
            model.answer(await model.asked(2 if number == 3 else 1))
            await home.decided(Reply, number, key=ANA)
        assert profiles_in(home.reads) == ["bakery@1", "vip@1", "bakery@1"]


async def test_who_waits_is_judged_by_the_new_profile_at_once() -> None:
    """Given a turn that runs, when the new profile shuts people out, then a message that comes meanwhile ends by it."""
    shops = Shops()
    await shops.apply("bakery")
    async with street(shops) as (home, _):
        await home.say("m1", key=ANA)
        await shops.model("bakery").asked(1)
        await shops.apply("bakery", block=[ANA.chat])
        await in_force(shops, "bakery@2")
        await home.say("m2", key=ANA)
        ignored = await home.decided(Ignored, key=ANA)
        assert (ignored.messages, ignored.reason) == (("m2",), "blocked")
        shops.model("bakery").answer(shops.model("bakery").requests[0])
        await home.decided(Reply, key=ANA)


async def test_an_adopted_turn_goes_on_under_its_own_profile() -> None:
    """Given a turn whose instance was killed, and a profile that has changed since, then the next instance, which has
    never had the old version, adopts the turn and asks the old version's model; the next turn has the new one."""
    log, shops = MemoryLog(), Shops()
    shops.models["old"] = Kept()
    await shops.apply("bakery", model="old")
    async with street(shops, log) as (home, _):
        await home.say("m1", key=ANA)
        await until(lambda: bool(shops.models["old"].runs))
    await shops.apply("bakery", model="new")
    later = Shops(shops.stored, "two")
    later.models = shops.models
    async with street(later, log) as (home, _):
        await home.decided(TurnAdopted, key=ANA)
        kept: Any = shops.models["old"]
        kept.answer(kept.runs[0].turn)
        reply = await home.decided(Reply, key=ANA)
        assert (reply.profile, reply.backend) == ("bakery@1", "responses")
        await home.say("m2", key=ANA)
        new = later.model("new")
        new.answer(await new.asked(1))
        await home.decided(Reply, 2, key=ANA)
        assert profiles_in(home.reads) == ["bakery@1", "bakery@2"]


async def test_a_chat_does_not_sleep_while_its_version_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given an adopted turn whose version is read for longer than idle chats stay in memory, then the turn goes on once
    the version is there: nothing would wake the chat."""
    log, shops = MemoryLog(), Shops()
    await shops.apply("bakery")
    async with street(shops, log) as (home, _):
        await home.say("m1", key=ANA)
        await shops.model("bakery").asked(1)
    await shops.apply("bakery")
    later, is_there, read = Shops(shops.stored, "two"), asyncio.Event(), shops.stored.version

    async def version(name: str, n: int) -> Profile | None:
        await is_there.wait()
        return await read(name, n)

    monkeypatch.setattr(shops.stored, "version", version)
    async with street(later, log, idle_after=0.0) as (home, _):
        await until(lambda: len(home.router) == 1)
        for _ in range(3):  # sweeps
            await asyncio.sleep(0.02)
        is_there.set()
        await home.decided(TurnAdopted, key=ANA)


async def test_a_turn_of_a_version_that_is_gone_begins_again() -> None:
    """Given a turn of a version that nobody can read any more, then the turn begins again by the profile in force."""
    log, shops = MemoryLog(), Shops()
    await shops.apply("bakery", model="old")
    async with street(shops, log) as (home, _):
        await home.say("m1", key=ANA)
        await shops.model("old").asked(1)
    other = Shops(incarnation="two")
    async with street(other, log) as (home, _):
        home.model.answer(await home.model.asked(1))
        reply = await home.decided(Reply, key=ANA)
        assert not reply.profile
        assert profiles_in(home.reads) == ["bakery@1", ""]
