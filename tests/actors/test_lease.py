"""A lease on a real server: one holder at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import nats
import nats.errors
import nats.js.errors
import pytest
from nats.js import JetStreamContext

from actors.lease import Holder, Lease
from tests.nats_server import NatsServer


class Life:
    """A lease being kept, and whether it is held now."""

    def __init__(self, js: JetStreamContext, instance: str, incarnation: str = "1", key: str = "p.all") -> None:
        self.lease = Lease(js, key, Holder(instance, incarnation))
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
async def js(server: NatsServer) -> AsyncIterator[JetStreamContext]:
    bus = await nats.connect(server.url, reconnect_time_wait=0.1, max_reconnect_attempts=-1)
    yield bus.jetstream(timeout=1.0)
    await bus.close()


async def _is_stored(lease: Lease) -> bool:
    try:
        return (await lease._look())[1] is not None
    except (nats.errors.Error, nats.js.errors.Error):  # the server is away, or has no bucket yet
        return False


async def test_the_second_stands_by_and_takes_over_after_a_crash(js: JetStreamContext) -> None:
    """While the first renews, the second knows who holds it; when the first is gone, the lease ends by itself."""
    first = Life(js, "a")
    await asyncio.wait_for(first.owns.wait(), 5)
    second = Life(js, "b")
    async with asyncio.timeout(5):
        while second.lease.holder is None:
            await asyncio.sleep(0.01)
    assert second.lease.holder.instance == "a"
    assert not second.owns.is_set()
    await first.crash()
    await asyncio.wait_for(second.owns.wait(), 10)
    await second.end()


async def test_a_lease_let_go_is_free_at_once(js: JetStreamContext) -> None:
    """A graceful end does not make others wait for the lease to run out."""
    first = Life(js, "a")
    await asyncio.wait_for(first.owns.wait(), 5)
    await first.end()
    _, holder = await first.lease._look()
    assert holder is None


async def test_a_restart_takes_its_lease_back_at_once(js: JetStreamContext) -> None:
    """The instance's name is its own (one process holds its data folder), so a killed one need not wait for itself."""
    first = Life(js, "a", "1")
    await asyncio.wait_for(first.owns.wait(), 5)
    await first.crash()
    again = Life(js, "a", "2")
    await asyncio.wait_for(again.owns.wait(), 2)
    await again.end()


async def test_two_of_one_name_do_not_take_it_in_turns(js: JetStreamContext) -> None:
    """The one that was robbed by its namesake stands by from then on, until the lease is free."""
    first = Life(js, "a", "1")
    await asyncio.wait_for(first.owns.wait(), 5)
    second = Life(js, "a", "2")
    await asyncio.wait_for(first.lacks.wait(), 5)
    async with asyncio.timeout(5):
        while first.lease.holder is None or first.lease.holder.incarnation != "2":
            await asyncio.sleep(0.01)
    assert second.owns.is_set()
    await second.end()
    await asyncio.wait_for(first.owns.wait(), 5)
    await first.end()


async def test_who_cannot_renew_loses_the_lease(js: JetStreamContext, server: NatsServer) -> None:
    """Counted from the last renewal: the holder gives up no later than the server would."""
    holder = Life(js, "a")
    await asyncio.wait_for(holder.owns.wait(), 5)
    server.freeze()
    try:
        await asyncio.wait_for(holder.lacks.wait(), 10)
    finally:
        server.thaw()
    await asyncio.wait_for(holder.owns.wait(), 10)
    await holder.end()


async def test_a_restart_of_the_server_takes_no_lease_away(js: JetStreamContext, server: NatsServer) -> None:
    """Runs in flight go on: the holder makes the bucket anew and is the holder again, without having lost it; of all
    its leases, whichever made the bucket."""
    held = [Life(js, "a"), Life(js, "a", key="g.local")]
    for holder in held:
        await asyncio.wait_for(holder.owns.wait(), 5)
    server.kill()
    server.start()
    async with asyncio.timeout(15):
        while not all([await _is_stored(holder.lease) for holder in held]):
            await asyncio.sleep(0.05)
    for holder in held:
        assert holder.owns.is_set()
        assert holder.losses == 0
        await holder.end()


async def test_a_lease_is_renewed_in_the_bucket_that_another_one_made(js: JetStreamContext, server: NatsServer) -> None:
    """After a restart of the server the bucket is there and empty: that is nobody's taking it away."""
    one, other = Lease(js, "p.all", Holder("a", "1")), Lease(js, "g.local", Holder("a", "1"))
    assert await one._take()
    assert await other._take()
    server.kill()
    server.start()
    async with asyncio.timeout(15):
        while not await _is_stored(one):
            with contextlib.suppress(nats.errors.Error, nats.js.errors.Error):
                assert await one._renew()
            await asyncio.sleep(0.05)
    assert await other._renew()


async def test_a_renewal_whose_answer_was_lost_is_no_loss(js: JetStreamContext) -> None:
    """What stands there is our own: the lease is ours."""
    holder = Life(js, "a")
    await asyncio.wait_for(holder.owns.wait(), 5)
    revision = holder.lease._revision
    await holder.lease._renew()
    holder.lease._revision = revision
    assert await holder.lease._renew()
    assert holder.owns.is_set()
    await holder.end()


async def test_garbage_in_the_bucket_is_taken_as_free(js: JetStreamContext) -> None:
    """Nobody can hold a lease with it."""
    await Lease(js, "p.all", Holder("x", "1"))._make_bucket()
    await js.publish("$KV.LEASES.p.all", b"garbage")
    holder = Life(js, "a")
    await asyncio.wait_for(holder.owns.wait(), 5)
    await holder.end()


async def test_who_is_not_fit_lets_go(js: JetStreamContext) -> None:
    """An instance that cannot write its projection leaves the work to another one."""
    fit = True
    unfit = asyncio.Event()
    lease = Lease(js, "p.all", Holder("a", "1"), fit=lambda: fit)
    keeping = asyncio.create_task(lease.keep(lambda: None, unfit.set))
    async with asyncio.timeout(5):
        while not lease.held:
            await asyncio.sleep(0.01)
    fit = False
    await asyncio.wait_for(unfit.wait(), 5)
    assert not lease.held
    _, holder = await lease._look()
    assert holder is None
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
