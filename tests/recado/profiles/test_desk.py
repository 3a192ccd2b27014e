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
from recado.profiles.desk import DeskProfiles
from recado.profiles.overlay import Overlay
from recado.settings.settings import settings_of

OWN = {"OPENAI_API_KEY": "sk-own"}


@pytest.fixture
async def desk(bus: Bus, jetstream_log: JetStreamLog) -> AsyncIterator[DeskProfiles]:
    await LeaseBucket(bus).ensure()
    log, own = await JetStreamProfileLog.open(bus), settings_of(OWN)
    yield DeskProfiles(log, jetstream_log, bus, settings_of=Overlay(OWN, own, OWN.get).settings, own=own)
    await log.close()


def profile(name: str, n: int = 1, **fields: Any) -> Profile:
    return Profile(name=name, n=n, at=datetime(2026, 11, 29, tzinfo=UTC), **fields)


async def test_a_second_profile_for_an_account(desk: DeskProfiles) -> None:
    await desk.save(profile("one", accounts=("551",)), expected=0)
    with pytest.raises(ProfilesClash, match="551 is in accounts of one and two"):
        await desk.save(profile("two", accounts=("551",)), expected=1)
    with pytest.raises(ProfilesChanged):
        await desk.save(profile("two"), expected=0)
    await desk.save(profile("one", 2, removed=True), expected=1)
    await desk.save(profile("two", accounts=("551",)), expected=2)
    assert sorted((await desk.look()).in_force.profiles) == ["two"]


async def test_an_older_instance(desk: DeskProfiles, bus: Bus) -> None:
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


async def test_entries_are_stored_as_a_file_has_them(desk: DeskProfiles) -> None:
    """Given a phone number as people write it, then the profile is stored for the chat of that number."""
    draft = profile("vip", chats=("+55 11 99999-0001", "551/5511999990002"), groups=("120363041234567890@g.us",))
    assert not desk.faults(draft)
    await desk.save(draft, expected=0)
    stored = (await desk.look()).newest["vip"]
    assert stored.chats == ("5511999990001@s.whatsapp.net", "551/5511999990002@s.whatsapp.net")
    assert stored.groups == draft.groups


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"groups": ("5511999990001",)}, "groups is a list in which '5511999990001' is no group"),
        ({"chats": ("the baker",)}, "chats is a list in which"),
    ],
)
async def test_entries_that_mean_no_chat(desk: DeskProfiles, entries: dict[str, tuple[str, ...]], says: str) -> None:
    (fault,) = desk.faults(profile("vip", **entries))
    assert says in fault.problem
