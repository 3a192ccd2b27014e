"""Chats of one instance that are answered by different profiles, which change while it runs."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from typing import Any

import pytest

from actors.profiles import MOST_FORMER
from actors.tools.protocol import ToolResult
from backends.protocol import Answer, ReplyRequest, ThreadRequest, Tool, ToolCall
from chat.references import Referring
from events.decisions import Erased, Ignored, Reply, ThreadCreated, ToolReturned, TurnAdopted, TurnFailed, TurnStarted
from events.memory_log import MemoryLog
from events.profile import Profile
from events.subjects import ChatKey
from tests.actors.house import Committed
from tests.actors.profiled import ANA, BOB, Shops, street, until


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


class Kept:
    """A backend whose provider keeps threads; the test answers."""

    name = "responses"

    def __init__(self) -> None:
        self.threads: list[ThreadRequest] = []
        self.runs: list[ReplyRequest] = []
        self.stopped: list[tuple[str, str, str | None]] = []
        self.forgotten: list[str] = []
        self._answers: dict[str, asyncio.Future[Answer]] = {}

    async def close(self) -> None: ...

    async def create_thread(self, request: ThreadRequest) -> str:
        self.threads.append(request)
        return f"conv-{id(self)}-{len(self.threads)}"

    async def start_run(self, request: ReplyRequest) -> str:
        self.runs.append(request)
        return f"run-{request.turn}"

    async def await_run(self, request: ReplyRequest, run: str) -> Answer:
        waiting = self._answers.setdefault(request.turn, asyncio.get_running_loop().create_future())
        try:
            return await waiting
        finally:
            del self._answers[request.turn]

    async def stop_turn(self, thread: str, turn: str, run: str | None) -> None:
        self.stopped.append((thread, turn, run))

    def keeps(self, backend: str) -> bool:
        return backend == self.name

    async def forget(self, backend: str, thread: str, runs: Sequence[str]) -> None:
        self.forgotten.append(thread)

    def answer(self, turn: str, text: str = "hi") -> None:
        waiting = self._answers.setdefault(turn, asyncio.get_running_loop().create_future())
        waiting.set_result(Answer(text=text, model="by hand"))


def profiles_in(reads: Committed, key: ChatKey = ANA) -> list[str]:
    """The profiles of the chat's turns."""
    return [one.event.profile for one in reads.events if one.key == key and isinstance(one.event, TurnStarted)]


async def in_force(shops: Shops, ref: str) -> None:
    name = ref.partition("@")[0]
    await until(lambda: (one := shops.bus.in_force.profiles.get(name)) is not None and one.ref == ref)


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


async def test_a_run_is_stopped_by_the_server_that_began_it() -> None:
    """Given a run at one profile's server, when the profile changes its server and the turn ends otherwise, then the
    run is stopped where it was begun."""
    shops = Shops()
    shops.models |= {"old": Kept(), "new": Kept()}
    await shops.apply("bakery", model="old")
    async with street(shops) as (home, _):
        await home.say("m1", key=ANA)
        await until(lambda: bool(shops.models["old"].runs))
        await shops.apply("bakery", model="new")
        await in_force(shops, "bakery@2")
        await home.order("k1", "pause", key=ANA)
        await until(lambda: bool(shops.models["old"].stopped))
        assert not shops.models["new"].stopped


async def test_a_thread_of_one_profile_is_no_others() -> None:
    """Given a thread that one profile made, when another is in force, then it makes its own, with the history."""
    shops = Shops()
    shops.models |= {"bakery": Kept(), "vip": Kept()}
    await shops.apply("bakery")
    async with street(shops) as (home, _):
        await home.say("m1", "bread?", key=ANA)
        await until(lambda: bool(shops.models["bakery"].runs))
        shops.models["bakery"].answer(shops.models["bakery"].runs[0].turn, "seven")
        await home.decided(Reply, key=ANA)
        await shops.apply("vip", chats=(ANA.chat,))
        await in_force(shops, "vip@1")
        await home.say("m2", key=ANA)
        await until(lambda: bool(shops.models["vip"].runs))
        made = await home.decided(ThreadCreated, 2, key=ANA)
        assert (made.profile, made.reason) == ("vip@1", "switched")
        assert [line.text for line in shops.models["vip"].threads[0].history] == ["bread?", "seven"]


async def test_each_thread_is_erased_at_its_own_server() -> None:
    """Given a chat with a thread of each of two profiles, of which one has changed its server since and the other is
    removed, when the chat is erased, then each server deletes its own thread, and none is asked for another's."""
    shops = Shops()
    shops.models |= {"first": Kept(), "second": Kept(), "third": Kept()}
    await shops.apply("bakery", model="first")
    async with street(shops) as (home, _):
        await home.say("m1", key=ANA)
        await until(lambda: bool(shops.models["first"].runs))
        shops.models["first"].answer(shops.models["first"].runs[0].turn)
        await home.decided(Reply, key=ANA)
        await shops.apply("vip", model="second", chats=(ANA.chat,))
        await in_force(shops, "vip@1")
        await home.say("m2", key=ANA)
        await until(lambda: bool(shops.models["second"].runs))
        shops.models["second"].answer(shops.models["second"].runs[0].turn)
        await home.decided(Reply, 2, key=ANA)
        await shops.apply("bakery", model="third")
        await shops.apply("vip", removed=True, chats=(ANA.chat,))
        await in_force(shops, "bakery@2")
        await until(lambda: "vip" not in shops.bus.in_force.profiles)
        await home.order("k1", "erase", key=ANA)
        await home.reads.seen(lambda one: isinstance(one.event, Erased) and one.event.done)
        assert [len(shops.models[name].forgotten) for name in ("first", "second", "third")] == [1, 1, 0]


async def test_a_thread_whose_key_is_missing_is_left_and_named() -> None:
    """Given a thread of a profile whose key is unset by now, when the chat is erased, then the receipt names the thread
    and the variable."""
    shops = Shops()
    shops.models |= {"first": Kept()}
    await shops.apply("bakery", model="first", key="BAKERY_KEY")
    log = MemoryLog()
    async with street(shops, log) as (home, _):
        await home.say("m1", key=ANA)
        await until(lambda: bool(shops.models["first"].runs))
        shops.models["first"].answer(shops.models["first"].runs[0].turn)
        await home.decided(Reply, key=ANA)
    later = Shops(shops.stored, "two")
    later.missing.add("BAKERY_KEY")
    async with street(later, log) as (home, _):
        await home.order("k1", "erase", key=ANA)
        done = await home.reads.seen(lambda one: isinstance(one.event, Erased) and one.event.done)
        (left,) = done.event.left  # type: ignore[union-attr]
        assert "bakery@1: BAKERY_KEY unset" in left


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

    async def test_a_chat_that_sleeps_is_woken(self) -> None:
        """Given a chat that waits and has left memory, when the variable is there, then the chat is answered."""
        shops = Shops()
        shops.missing.add("BAKERY_KEY")
        await shops.apply("bakery", key="BAKERY_KEY")
        async with street(shops, idle_after=0.0) as (home, _):
            await home.say("m1", key=ANA)
            await home.reads.seen(lambda one: one.key == ANA)
            await until(lambda: bool(shops.made) and len(home.router) == 0)
            shops.found(home, "BAKERY_KEY")
            shops.model("bakery").answer(await shops.model("bakery").asked(1))
            await home.decided(Reply, key=ANA)

    @pytest.mark.parametrize("change", ["another version", "removed", "one of its own"])
    async def test_a_chat_that_sleeps_is_woken_by_a_change(self, change: str) -> None:
        """Given a chat that waits and has left memory, when another profile is in force for it, then it is answered."""
        shops = Shops()
        shops.missing.add("BAKERY_KEY")
        await shops.apply("bakery", key="BAKERY_KEY")
        async with street(shops, idle_after=0.0) as (home, _):
            await home.say("m1", key=ANA)
            await home.reads.seen(lambda one: one.key == ANA)
            await until(lambda: bool(shops.made) and len(home.router) == 0)
            if change == "one of its own":
                await shops.apply("vip", chats=(ANA.chat,))
            else:
                await shops.apply("bakery", removed=change == "removed")
            names = {"another version": "bakery", "one of its own": "vip"}
            model = home.model if change == "removed" else shops.model(names[change])
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
