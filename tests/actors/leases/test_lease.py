"""A lease on a real server: one holder at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from nats.js.api import KeyValueConfig, RePublish, StorageType

from actors.leases.bucket import BUCKET, LONGEST_VALUE, MOST_BYTES, STREAM, LeaseBucket, LeasesUnavailable
from actors.leases.lease import Lease
from actors.leases.members import UNKNOWN, Holder
from events.jetstream.api import StreamInfo, call
from events.jetstream.connection import Bus
from tests.nats_server import NatsServer


class Life:
    """A lease being kept, and whether it is held now."""

    def __init__(self, bucket: LeaseBucket, instance: str, incarnation: str = "1", key: str = "g.local") -> None:
        self.lease = Lease(bucket, key, Holder(instance, incarnation))
        self.losses = 0
        self.owns = asyncio.Event()
        self.lacks = asyncio.Event()
        self.keeping = asyncio.create_task(self.lease.keep(self._taken, self._lost))

    def _taken(self) -> None:
        self.owns.set()
        self.lacks.clear()

    def _lost(self) -> None:
        self.losses += 1
        self.owns.clear()
        self.lacks.set()

    async def end(self) -> None:
        self.keeping.cancel()
        await asyncio.gather(self.keeping, return_exceptions=True)

    async def crash(self) -> None:
        """Stop renewing without letting go."""
        self.lease.held = False
        await self.end()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def bucket(server: NatsServer) -> AsyncIterator[LeaseBucket]:
    bus = await Bus.open(server.url)
    yield LeaseBucket(bus)
    await bus.close()


async def _is_stored(lease: Lease) -> bool:
    try:
        return (await lease._bucket.read(lease._key)).value is not None
    except LeasesUnavailable:  # the server is away
        return False


async def test_the_second_stands_by_and_takes_over_after_a_crash(bucket: LeaseBucket) -> None:
    """While the first renews, the second knows the holder. After the first is gone, the lease ends by itself."""
    first = Life(bucket, "a")
    await asyncio.wait_for(first.owns.wait(), 60)
    second = Life(bucket, "b")
    async with asyncio.timeout(60):
        while second.lease.holder is None:
            await asyncio.sleep(0.01)
    assert second.lease.holder.instance == "a"
    assert not second.owns.is_set()
    await first.crash()
    await asyncio.wait_for(second.owns.wait(), 60)
    await second.end()


async def test_a_lease_let_go_is_free_at_once(bucket: LeaseBucket) -> None:
    """After a graceful end others need not wait for the lease to expire."""
    first = Life(bucket, "a")
    await asyncio.wait_for(first.owns.wait(), 60)
    await first.end()
    assert (await bucket.read("g.local")).value is None


async def test_a_restart_takes_its_lease_back_at_once(bucket: LeaseBucket) -> None:
    """The instance's name is its own (one process holds its data folder), so a killed one need not wait for itself."""
    first = Life(bucket, "a", "1")
    await asyncio.wait_for(first.owns.wait(), 60)
    await first.crash()
    again = Life(bucket, "a", "2")
    await asyncio.wait_for(again.owns.wait(), 60)
    assert again.lease._revision == first.lease._revision + 1, "it waited for the end of the lease, which is an entry"
    await again.end()


async def test_two_of_one_name_do_not_take_it_in_turns(bucket: LeaseBucket) -> None:
    """The process that was robbed by its namesake waits until the lease is free."""
    first = Life(bucket, "a", "1")
    await asyncio.wait_for(first.owns.wait(), 60)
    second = Life(bucket, "a", "2")
    await asyncio.wait_for(first.lacks.wait(), 60)
    async with asyncio.timeout(60):
        while first.lease.holder is None or first.lease.holder.incarnation != "2":
            await asyncio.sleep(0.01)
    assert second.owns.is_set()
    await second.end()
    await asyncio.wait_for(first.owns.wait(), 60)
    await first.end()


async def test_a_holder_that_cannot_renew_loses_the_lease(bucket: LeaseBucket, server: NatsServer) -> None:
    """Counted from the sending of the last renewal: the holder gives up no later than the server does."""
    holder = Life(bucket, "a")
    await asyncio.wait_for(holder.owns.wait(), 60)
    server.freeze()
    try:
        await asyncio.wait_for(holder.lacks.wait(), 60)
    finally:
        server.thaw()
    await asyncio.wait_for(holder.owns.wait(), 60)
    await holder.end()


async def test_a_restart_of_the_server_takes_no_lease_away(bucket: LeaseBucket, server: NatsServer) -> None:
    """Runs in flight go on: the holder makes the bucket again and keeps its lease, also in a bucket that another lease
    made."""
    held = [Life(bucket, "a"), Life(bucket, "a", key="g.other")]
    for holder in held:
        await asyncio.wait_for(holder.owns.wait(), 60)
    server.kill()
    server.start()
    async with asyncio.timeout(60):
        while not all([await _is_stored(holder.lease) for holder in held]):
            await asyncio.sleep(0.05)
    for holder in held:
        assert holder.owns.is_set()
        assert holder.losses == 0
        await holder.end()


async def test_a_lease_is_renewed_in_the_bucket_that_another_one_made(bucket: LeaseBucket, server: NatsServer) -> None:
    """After a restart of the server the bucket exists and is empty: no other process has taken the lease."""
    one, other = Lease(bucket, "g.local", Holder("a", "1")), Lease(bucket, "g.other", Holder("a", "1"))
    assert await one._take()
    assert await other._take()
    server.kill()
    server.start()
    async with asyncio.timeout(60):
        while not await _is_stored(one):
            with contextlib.suppress(LeasesUnavailable):
                assert await one._renew()
            await asyncio.sleep(0.05)
    assert await other._renew()


async def test_a_renewal_whose_answer_was_lost_is_no_loss(bucket: LeaseBucket) -> None:
    """The entry holds our own name, so the lease is ours."""
    holder = Life(bucket, "a")
    await asyncio.wait_for(holder.owns.wait(), 60)
    revision = holder.lease._revision
    await holder.lease._renew()
    holder.lease._revision = revision
    assert await holder.lease._renew()
    assert holder.owns.is_set()
    await holder.end()


async def test_garbage_is_not_free_and_does_not_stay(bucket: LeaseBucket) -> None:
    """A value that is not recado's holds the lease as long as a silent holder would, and no longer."""
    await bucket.write("g.local", b"garbage", 0)
    life = Life(bucket, "a")
    async with asyncio.timeout(60):
        while life.lease.holder != UNKNOWN:
            await asyncio.sleep(0.01)
    assert not life.owns.is_set()
    await asyncio.wait_for(life.owns.wait(), 60)
    await life.end()


async def test_garbage_takes_no_lease_away(bucket: LeaseBucket) -> None:
    """If garbage overwrites a lease, the holder overwrites the garbage."""
    one = Lease(bucket, "g.local", Holder("a", "1"))
    assert await one._take()
    await bucket.write("g.local", b'{"type":"io.nats.jetstream.api.v1.consumer_info_response"}', one._revision)
    assert await one._renew()


async def test_the_bucket_is_bounded(bucket: LeaseBucket, server: NatsServer) -> None:
    """Each entry is small, and so is the whole bucket; a bucket of an older recado is bounded too."""
    bus = await Bus.open(server.url)
    old = KeyValueConfig(
        bucket=BUCKET,
        storage=StorageType.MEMORY,
        limit_marker_ttl=3.0,
        direct=True,
        republish=RePublish(src=f"$KV.{BUCKET}.>", dest="leases.>"),
    )
    await bus.jetstream().create_key_value(old)
    await bucket.ensure()
    await bucket.ensure()
    config = (await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo)).config
    assert (config["max_bytes"], config["max_msg_size"]) == (MOST_BYTES, LONGEST_VALUE)
    with pytest.raises(LeasesUnavailable, match="exceeds"):
        await bucket.write("g.local", b"x" * LONGEST_VALUE, 0)

    async def fill() -> None:
        for number in range(2 * MOST_BYTES // LONGEST_VALUE):
            await bucket.write(f"g.{number}", b"x" * (LONGEST_VALUE - 200), 0)

    with pytest.raises(LeasesUnavailable, match="maximum bytes"):
        await fill()
    await bus.close()


async def test_a_gateway_makes_no_bucket(server: NatsServer) -> None:
    """The error says that instances make it."""
    bus = await Bus.open(server.url)
    with pytest.raises(LeasesUnavailable, match="start an instance"):
        await LeaseBucket(bus, makes=False).write("g.local", b"x", 0)
    await bus.close()
