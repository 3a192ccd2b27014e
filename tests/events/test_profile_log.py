"""The promises of every stream of profiles, on JetStream or in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest

from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.profiles import JetStreamProfileLog
from events.log import LogUnavailable
from events.memory_profiles import MemoryProfileLog
from events.profile import LARGEST, InForce, Profile, ProfileUnreadable
from events.profile_log import ProfileLog, ProfilesChanged
from tests.conftest import LOG_BYTES
from tests.nats_proxy import NatsProxy
from tests.nats_server import NatsServer
from tests.waiting import until

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
Put = Callable[[str, bytes], Awaitable[None]]


def profile(name: str, n: int = 1, **fields: Any) -> Profile:
    return Profile(name=name, n=n, at=AT, by="test", **fields)


@pytest.fixture(params=["memory", "jetstream"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def profiles(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[ProfileLog]:
    if kind == "memory":
        yield MemoryProfileLog()
        return
    bus = await Bus.open(request.getfixturevalue("nats_server").url)
    log = await JetStreamLog.open(bus, max_bytes=LOG_BYTES)
    found = await JetStreamProfileLog.open(bus)
    yield found
    await found.close()
    await log.close()
    await bus.close()


@pytest.fixture
def put(profiles: ProfileLog) -> Put:
    """Stores any bytes under a name, as a program outside may."""

    async def put(name: str, body: bytes) -> None:
        if isinstance(profiles, MemoryProfileLog):
            await profiles.store((name, body))
        else:
            assert isinstance(profiles, JetStreamProfileLog)
            await profiles._bus.request(f"profile.{name}", body, timeout=30)

    return put


async def soon(followed: AsyncGenerator[InForce, None]) -> dict[str, int]:
    """The versions in force that the follower hears next."""
    found = await asyncio.wait_for(anext(followed), 60)
    return {name: one.n for name, one in found.profiles.items()}


async def test_every_version_stays_readable(profiles: ProfileLog) -> None:
    """Given two profiles of several versions, then each version is found, and the newest ones are in force."""
    last = await profiles.write([profile("shop", settings={"openai_model": "a"}), profile("other")], expected=0)
    last = await profiles.write([profile("shop", 2, settings={"openai_model": "b"})], expected=last)
    last = await profiles.write([profile("other", 2, removed=True)], expected=last)
    stored = await profiles.look()
    assert (stored.seq, {name: one.ref for name, one in stored.newest.items()}) == (
        last,
        {"shop": "shop@2", "other": "other@2"},
    )
    assert list(stored.in_force.profiles) == ["shop"]
    assert [one.settings["openai_model"] for one in await profiles.history("shop")] == ["a", "b"]
    assert await profiles.version("shop", 1) == profile("shop", settings={"openai_model": "a"})
    assert await profiles.version("shop", 3) is None
    assert await profiles.version("nothing", 1) is None
    assert await profiles.history("nothing") == []


async def test_several_changes_are_one(profiles: ProfileLog) -> None:
    """Given a write of three of which one is too large, or which came too late, then none of them is stored."""
    large = profile("c", settings={"ai_system_prompt": "x" * LARGEST})
    with pytest.raises(ProfileUnreadable, match="at most 65,536"):
        await profiles.write([profile("a"), profile("b"), large], expected=0)
    assert (await profiles.look()).newest == {}
    assert await profiles.write([profile("a"), profile("b"), profile("c")], expected=0) == 3
    with pytest.raises(ProfilesChanged):
        await profiles.write([profile("a", 2), profile("d")], expected=0)
    stored = await profiles.look()
    assert (stored.seq, sorted(one.ref for one in stored.newest.values())) == (3, ["a@1", "b@1", "c@1"])
    assert await profiles.write([], expected=3) == 3


async def test_of_two_writers_one_wins(profiles: ProfileLog) -> None:
    """Given two writers that give one account to different profiles at once, then one is refused, wherever it wrote."""
    stored = await profiles.look()
    done = await asyncio.gather(
        *(profiles.write([profile(name, accounts=("551",))], expected=stored.seq) for name in ("one", "two", "three")),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["ProfilesChanged", "ProfilesChanged", "int"]
    assert len((await profiles.look()).newest) == 1


async def test_a_follower_hears_all_and_then_each_change(profiles: ProfileLog) -> None:
    """Given a follower of an empty stream and a later one, then both hear what is in force, and each change."""
    async with aclosing(profiles.follow()) as early:
        assert await soon(early) == {}
        last = await profiles.write([profile("a"), profile("b")], expected=0)
        heard = await soon(early)
        while len(heard) < 2:  # a batch may come in two
            heard = await soon(early)
        async with aclosing(profiles.follow()) as late:
            assert await soon(late) == heard == {"a": 1, "b": 1}
            await profiles.write([profile("a", 2, removed=True)], expected=last)
            assert await soon(early) == await soon(late) == {"b": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[" * 5000,
        b'{"name":"shop"}',
        b'{"name":"other","n":1,"at":"2026-01-01T00:00:00Z"}',
        b'{"name":"shop","n":1,"at":"2026-01-01T00:00:00Z","accounts":[""]}',
        b'{"name":"shop","n":1,"at":"2026-01-01T00:00:00Z","settings":{"a":' + b"[" * 40 + b"]" * 40 + b"}}",
        b'{"name":"shop","n":' + b"9" * 5000 + b',"at":"2026-01-01T00:00:00Z"}',
    ],
)
async def test_bytes_that_are_no_profile(profiles: ProfileLog, put: Put, body: bytes) -> None:
    """Given such bytes after a good version, then the good one stays in force, everywhere, and others go on."""
    last = await profiles.write([profile("shop")], expected=0)
    async with aclosing(profiles.follow()) as followed:
        assert await soon(followed) == {"shop": 1}
        await put("shop", body)
        stored = await profiles.look()
        assert (stored.newest["shop"].ref, [one.name for one in stored.unread]) == ("shop@1", ["shop"])
        assert [one.ref for one in await profiles.history("shop")] == ["shop@1"]
        await profiles.write([profile("new")], expected=last + 1)
        heard = await soon(followed)
        while "new" not in heard:
            heard = await soon(followed)
        assert heard == {"shop": 1, "new": 1}


async def test_the_default_cannot_be_stored(profiles: ProfileLog, put: Put) -> None:
    with pytest.raises(ProfileUnreadable, match="choose another name"):
        await profiles.write([profile("default")], expected=0)
    await put("default", b'{"name":"default","n":1,"at":"2026-01-01T00:00:00Z","accounts":["a"]}')
    assert (await profiles.look()).newest == {}


async def test_fields_of_a_newer_release_are_kept(profiles: ProfileLog, put: Put) -> None:
    body = b'{"name":"shop","n":1,"at":"2026-01-01T00:00:00Z","tone":{"warm":[1]},"settings":{"newer":true}}'
    await put("shop", body)
    (found,) = await profiles.history("shop")
    assert (found.more, found.settings) == ({"tone": {"warm": [1]}}, {"newer": True})
    await profiles.write([profile("shop", 2, more=found.more, settings=found.settings)], expected=1)
    again = await profiles.version("shop", 2)
    assert again is not None
    assert (again.more, again.settings) == (found.more, found.settings)


@pytest.mark.parametrize("fault", ["cut", "loss", "restart"])
async def test_a_follower_outlives(nats_server: NatsServer, wire: NatsProxy, fault: str) -> None:
    """Given a follower whose wire is cut, or loses a message, or whose server starts again, while profiles change, then
    it has the changes afterwards."""
    near, far = await Bus.open(nats_server.url), await Bus.open(wire.url)
    log = await JetStreamLog.open(near, max_bytes=LOG_BYTES)
    writer, reader = await JetStreamProfileLog.open(near), await JetStreamProfileLog.open(far)
    last = await writer.write([profile("shop")], expected=0)
    async with aclosing(reader.follow()) as followed:
        assert await soon(followed) == {"shop": 1}
        if fault == "loss":
            wire.loses = lambda fields, _: fields[1] == b"profile.shop" and not wire.lost
        elif fault == "cut":
            wire.cut()
        else:
            nats_server.kill()
            nats_server.start()

        async def written() -> bool:
            try:
                return await writer.write([profile("shop", 2), profile("new")], expected=last) == 3
            except LogUnavailable:
                return False

        await until(written)
        heard = await soon(followed)
        while len(heard) < 2:
            heard = await soon(followed)
        assert heard == {"shop": 2, "new": 1}
    for one in (writer, reader, log, near, far):
        await one.close()
