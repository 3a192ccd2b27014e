"""Threads and runs of several profiles: each is stopped, continued and erased at the server that keeps it."""

from __future__ import annotations

from events.decisions import Erased, Reply, ThreadCreated
from events.memory_log import MemoryLog
from tests.actors.kept_threads import Kept
from tests.actors.profiled import ANA, Shops, in_force, street, until


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
