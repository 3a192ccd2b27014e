"""Several instances on one real bucket: every partition has one owner, while instances come, go, hang or die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from actors.leases.assignment import assignment
from actors.leases.bucket import LeaseBucket, LeasesUnavailable
from events.decisions import Reply, TurnAdopted, TurnStarted
from events.jetstream.connection import Bus
from events.subjects import PARTITIONS
from tests.actors.house import ANA, BOB
from tests.actors.leases.given_members import Fleet, fleet
from tests.nats_server import NatsServer


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[Fleet]:
    async with fleet(nats_server.url) as together:
        yield together


async def test_alone_it_owns_everything(bus: Fleet) -> None:
    """One instance answers every chat."""
    one = await bus.join("one")
    await bus.settled(one)
    await one.home.say("m1")
    one.home.model.answer(await one.home.model.asked(1))
    assert (await one.home.decided(Reply)).in_reply_to == ("m1",)


async def test_three_share_evenly_as_the_hash_says(bus: Fleet) -> None:
    """Each owns exactly its share; the newest member got its partitions from the others."""
    instances = [await bus.join(name) for name in ("one", "two", "three")]
    await bus.settled(*instances)
    owners = assignment(["one", "two", "three"])
    for instance in instances:
        assert instance.owned == {n for n in range(PARTITIONS) if owners[n] == instance.me.instance}


async def test_a_member_that_leaves_is_replaced_at_once(bus: Fleet) -> None:
    """Its partitions are free before its presence has expired."""
    one, two = await bus.join("one"), await bus.join("two")
    await bus.settled(one, two)
    await two.leave()
    await bus.settled(one)
    assert two.owned == frozenset()


async def test_one_that_lacks_a_variable_owns_nothing_beside_one_that_lacks_none(bus: Fleet) -> None:
    """Given two, when one cannot answer by a profile in force, then the other one has all partitions; when neither can,
    or the one can again, then they share them: somebody answers the chats of the other profiles."""
    one, two = await bus.join("one"), await bus.join("two")
    await bus.settled(one, two)
    two.lacks = ("bakery@1: BAKERY_KEY unset",)
    await bus.settled(one)
    one.lacks = two.lacks
    await bus.settled(one, two)
    two.lacks = ()
    await bus.settled(two)
    one.lacks = ()
    await bus.settled(one, two)


async def test_a_member_that_leaves_finishes_its_running_turns(bus: Fleet) -> None:
    """The leaving instance answers its running turn, which is not adopted; the new owner answers the chat's next
    message."""
    one, two = await bus.join("one"), await bus.join("two")
    await bus.settled(one, two)
    old = bus.owner(ANA)
    new = two if old is one else one
    await new.home.say("m1")
    request = await old.home.model.asked(1)
    leaving = asyncio.create_task(old.leave())
    await bus.until(lambda: new.owns(ANA))
    await new.home.say("m2")
    old.home.model.answer(request, "from who leaves")
    await leaving
    new.home.model.answer(await new.home.model.asked(1), "from the new owner")
    assert (await new.home.decided(Reply, 2)).in_reply_to == ("m2",)
    replies = [e.event for e in new.home.reads.events if isinstance(e.event, Reply)]
    assert [(reply.text, reply.in_reply_to) for reply in replies] == [
        ("from who leaves", ("m1",)),
        ("from the new owner", ("m2",)),
    ]
    assert not [e for e in new.home.reads.events if isinstance(e.event, TurnAdopted)]


async def test_a_turn_that_a_leaving_member_does_not_finish_is_adopted(bus: Fleet) -> None:
    """Its patience ends before the model has answered: the new owner adopts the turn."""
    one, two = await bus.join("one"), await bus.join("two")
    await bus.settled(one, two)
    old = bus.owner(ANA)
    new = two if old is one else one
    await new.home.say("m1")
    await old.home.model.asked(1)
    await old.leave(0.2)
    new.home.model.answer(await new.home.model.asked(1))
    assert (await new.home.decided(TurnAdopted)).by == new.me.decides_as
    assert (await new.home.decided(Reply)).in_reply_to == ("m1",)


async def test_a_member_that_joins_lets_the_others_finish(bus: Fleet) -> None:
    """A chat that changes hands during an answer is answered once, by the former owner."""
    one = await bus.join("one")
    await bus.settled(one)
    for number, key in enumerate((ANA, BOB)):
        await one.home.say("m1", key=key)
        await one.home.model.asked(number + 1)
    two = await bus.join("two")
    await bus.settled(one, two)
    for request in list(one.home.model.requests):
        one.home.model.answer(request)
    for key in (ANA, BOB):
        await two.home.decided(Reply, key=key)
    assert two.home.model.requests == []
    await bus.until(lambda: one.home.router.finishing == 0)


async def test_a_member_that_dies_is_replaced(bus: Fleet) -> None:
    """Its presence expires; its turn is adopted before anything is asked."""
    one, two = await bus.join("one"), await bus.join("two")
    await bus.settled(one, two)
    dead = bus.owner(ANA)
    heir = two if dead is one else one
    await heir.home.say("m1")
    await dead.home.model.asked(1)
    await dead.crash()
    await bus.settled(heir)
    heir.home.model.answer(await heir.home.model.asked(1))
    assert (await heir.home.decided(TurnAdopted)).by == heir.me.decides_as
    assert (await heir.home.decided(Reply)).in_reply_to == ("m1",)


async def test_a_restart_takes_its_partitions_back_at_once(bus: Fleet) -> None:
    """The others do not notice: the name is still there."""
    one, two = await bus.join("one"), await bus.join("two")
    await bus.settled(one, two)
    had = two.owned
    await two.crash()
    again = await bus.join("two", "2")
    await bus.settled(one, again)
    assert again.owned == had
    assert one.owned.isdisjoint(had)


async def test_a_member_that_was_asleep_joins_again(bus: Fleet) -> None:
    """Its fence was down before it acted; it drops its actors, joins again and answers."""
    one = await bus.join("one")
    await bus.settled(one)
    await one.home.say("m1")
    await one.home.model.asked(1)
    one.clock.slept += 10
    await bus.until(lambda: len(one.home.model.cancelled) == 1)
    one.home.model.answer(await one.home.model.asked(2))
    assert (await one.home.decided(Reply)).in_reply_to == ("m1",)
    await bus.settled(one)


async def test_an_answer_that_comes_behind_the_fence_is_not_appended(bus: Fleet) -> None:
    """The fence is checked before each append, in any order of the loop's callbacks after a sleep."""
    one = await bus.join("one")
    await bus.settled(one)
    await one.home.say("m1")
    request = await one.home.model.asked(1)
    one.clock.slept += 10
    one.home.model.answer(request, "from the grave")
    one.home.model.answer(await one.home.model.asked(2), "alive")
    assert (await one.home.decided(Reply)).text == "alive"


async def test_two_of_one_name_do_not_take_it_in_turns(bus: Fleet) -> None:
    """The later process has the name; the other one reports it, and owns nothing until the name is free."""
    first = await bus.join("one", "1")
    await bus.settled(first)
    second = await bus.join("one", "2")
    await bus.settled(second)
    await bus.until(lambda: first.owned == frozenset())
    await bus.until(lambda: "another process bears the name one" in str(first.ownership.trouble))
    await second.leave()
    await bus.settled(first)
    assert first.ownership.trouble is None


async def test_an_unfit_instance_is_no_member(bus: Fleet) -> None:
    """An instance that cannot write its projection leaves the work to the others, and comes back when it can."""
    one, two = await bus.join("one"), await bus.join("two")
    await bus.settled(one, two)
    one.fit = False
    await bus.settled(two)
    one.fit = True
    await bus.settled(one, two)


async def test_a_restart_of_the_server_takes_nothing_away(bus: Fleet, nats_server: NatsServer) -> None:
    """The bucket is lost with the server's memory: all instances write their own entries again, and running turns go
    on."""
    one, two = await bus.join("one"), await bus.join("two")
    await bus.settled(one, two)
    had = one.owned, two.owned
    await one.home.say("m1")
    owner = bus.owner(ANA)
    request = await owner.home.model.asked(1)
    nats_server.kill()
    nats_server.start()
    bucket = LeaseBucket(one.bus)

    async def stands() -> int:
        try:
            entries = await bucket.read_all()
        except LeasesUnavailable:  # the server is not yet itself again
            return 0
        return sum(entry.value is not None for entry in entries.values())

    async with asyncio.timeout(60):
        await asyncio.gather(one.bus.standing(), two.bus.standing())
        while await stands() != PARTITIONS + 2:
            await asyncio.sleep(0.05)
    assert (one.owned, two.owned) == had
    owner.home.model.answer(request)
    assert (await owner.home.decided(Reply)).in_reply_to == ("m1",)
    assert owner.home.model.cancelled == []


async def test_garbage_in_the_bucket_is_taken_as_free(bus: Fleet, nats_server: NatsServer) -> None:
    """Garbage keeps no partition and no name."""
    outsider = await Bus.open(nats_server.url)
    bucket = LeaseBucket(outsider)
    await bucket.ensure()
    for key in ("p.3", "m.one", "m.ghost"):
        await bucket.write(key, b"garbage", 0)
    one = await bus.join("one")
    await bus.settled(one)
    await outsider.close()


async def test_a_partition_that_another_instance_takes_is_given_up(bus: Fleet, nats_server: NatsServer) -> None:
    """The writer of the lease has it, by right or not; when the lease is free again, the partition comes back."""
    one = await bus.join("one")
    await bus.settled(one)
    outsider = await Bus.open(nats_server.url)
    bucket = LeaseBucket(outsider)
    stands = await bucket.read("p.7")
    revision = await bucket.write("p.7", b'{"instance": "thief", "incarnation": "1"}', stands.revision)
    assert revision is not None
    await bucket.write("m.thief", b'{"instance": "thief", "incarnation": "1", "leaving": true}', 0)
    await bus.until(lambda: one.owned == set(range(PARTITIONS)) - {7})
    await bucket.delete("p.7", revision)
    await bus.settled(one)
    await outsider.close()


async def test_a_lease_whose_answer_was_lost_blocks_no_other_member(bus: Fleet) -> None:
    """The lease bears our name and we do not know of it: the instance that should own the partition gets it."""
    one, two = await bus.join("one"), await bus.join("two")
    await bus.settled(one, two)
    number = min(two.owned)
    bucket = LeaseBucket(two.bus)
    stands = await bucket.read(f"p.{number}")
    written = await bucket.write(f"p.{number}", b'{"instance":"one","incarnation":"1"}', stands.revision)
    assert written is not None

    async def taken_back() -> bool:
        lease = await bucket.read(f"p.{number}")
        return lease.revision > written and b'"two"' in (lease.value or b"")

    await bus.until(taken_back)
    await bus.settled(one, two)
    assert number in two.owned


async def test_a_message_wakes_the_owner_alone(bus: Fleet) -> None:
    """Both instances have read it; one starts a turn."""
    one, two = await bus.join("one"), await bus.join("two")
    await bus.settled(one, two)
    owner = bus.owner(ANA)
    other = two if owner is one else one
    await other.home.say("m1")
    owner.home.model.answer(await owner.home.model.asked(1))
    await other.home.decided(Reply)
    started = [e for e in other.home.reads.events if isinstance(e.event, TurnStarted)]
    assert [e.msg_id.rpartition(":")[0] for e in started] == [owner.me.decides_as]
    assert len(other.home.router) == 0
