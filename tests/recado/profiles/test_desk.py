"""The desk saves a profile as the commands do: never beside an older instance, never a second one for an account."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from actors.leases.bucket import LeaseBucket
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.profiles import JetStreamProfileLog
from events.profile import Profile
from events.profile_log import ProfilesChanged
from recado.profiles.changes import OlderInstance, ProfilesClash
from recado.profiles.desk import BusProfiles
from recado.profiles.overlay import Overlay
from recado.settings.settings import settings_of

OWN = {"OPENAI_API_KEY": "sk-own"}


@pytest.fixture
async def desk(bus: Bus, jetstream_log: JetStreamLog) -> AsyncIterator[BusProfiles]:
    await LeaseBucket(bus).ensure()
    log, own = await JetStreamProfileLog.open(bus), settings_of(OWN)
    yield BusProfiles(log, jetstream_log, bus, settings_of=Overlay(OWN, own, OWN.get).settings, own=own)
    await log.close()


def profile(name: str, n: int = 1, **fields: Any) -> Profile:
    return Profile(name=name, n=n, at=datetime(2026, 11, 29, tzinfo=UTC), **fields)


async def test_a_second_profile_for_an_account(desk: BusProfiles) -> None:
    await desk.save(profile("one", accounts=("551",)), expected=0)
    with pytest.raises(ProfilesClash, match="551 is in accounts of one and two"):
        await desk.save(profile("two", accounts=("551",)), expected=1)
    with pytest.raises(ProfilesChanged):
        await desk.save(profile("two"), expected=0)
    await desk.save(profile("one", 2, removed=True), expected=1)
    await desk.save(profile("two", accounts=("551",)), expected=2)
    assert sorted((await desk.look()).in_force.profiles) == ["two"]


async def test_an_older_instance(desk: BusProfiles, bus: Bus) -> None:
    leases = LeaseBucket(bus)
    older = {"instance": "blue-1", "incarnation": "x", "reads": 2}
    revision = await leases.write("m.blue-1", json.dumps(older).encode(), 0)
    assert revision is not None
    with pytest.raises(OlderInstance, match="blue-1"):
        await desk.save(profile("one"), expected=0)
    assert (await desk.look()).seq == 0
    await leases.delete("m.blue-1", revision)
    await desk.save(profile("one"), expected=0)
    info = json.loads((await bus.request("$JS.API.STREAM.INFO.EVENTS")).data)
    assert info["config"]["metadata"]["recado.reads"] == "3"
