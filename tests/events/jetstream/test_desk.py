"""The bucket DESK on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import structlog

from events.desk import Change, Look, Portion, Seen, name_of, user_of
from events.jetstream.api import Done, StreamInfo, call
from events.jetstream.connection import Bus
from events.jetstream.desk import STREAM, DeskBucket, shape
from events.log import LogError
from events.subjects import ChatKey

ANA = ChatKey("local", "12025550143@s.whatsapp.net")


@pytest.fixture
async def desk(bus: Bus) -> AsyncIterator[DeskBucket]:
    desk = await DeskBucket.open(bus)
    yield desk
    await desk.close()


async def changes(portions: AsyncIterator[Portion], count: int) -> list[Change]:
    found: list[Change] = []
    async with asyncio.timeout(30):
        while len(found) < count:
            found += (await anext(portions)).changes
    return found


async def test_what_is_written_is_told(desk: DeskBucket) -> None:
    name, user = name_of(ANA), user_of("Zoë")
    await desk.see(ANA, Seen(7, "Zoë"))
    await desk.look(ANA, Look("Zoë", writing=True))
    async with aclosing(desk.follow()) as portions:
        assert await changes(portions, 2) == [
            Change(name, "", Seen(7, "Zoë")),
            Change(name, user, Look("Zoë", writing=True)),
        ]
        await desk.leave(ANA, "Zoë")
        assert await changes(portions, 1) == [Change(name, user, None)]


async def test_a_chat_that_is_erased_leaves_no_key(bus: Bus, desk: DeskBucket) -> None:
    """Those who follow are told; no subject and no byte of the chat's number was ever in the bucket."""
    await desk.see(ANA, Seen(7, "ana"))
    async with aclosing(desk.follow()) as portions:
        await changes(portions, 1)
        there = await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo, {"subjects_filter": ">"})
        assert not any("12025550143" in subject for subject in there.state.subjects)
        await desk.forget(ANA)
        assert await changes(portions, 1) == [Change(name_of(ANA), "", None)]
    assert (await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo)).state.messages == 0
    await desk.forget(ANA)


async def test_a_full_bucket_drops_the_oldest(bus: Bus, desk: DeskBucket) -> None:
    await call(bus, f"STREAM.UPDATE.{STREAM}", Done, shape(1, 4096))
    for number in range(100):
        await desk.see(ChatKey("local", f"{number}@s.whatsapp.net"), Seen(number, "ana"))
    info = await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo)
    assert 0 < info.state.messages < 100
    assert info.state.last_seq == 100


async def test_other_entries_are_passed_over(bus: Bus, desk: DeskBucket) -> None:
    broken = [("seen.x", b"{"), ("seen.x", b'{"seq":-1}'), ("open.a.b", b"\xff"), ("else", b"1"), ("seen.a.b", b"1")]
    for key, body in broken:
        await bus.jetstream().publish(f"$KV.DESK.{key}", body)
    await desk.see(ANA, Seen(1))
    async with aclosing(desk.follow()) as portions:
        assert await changes(portions, 1) == [Change(name_of(ANA), "", Seen(1))]


async def test_a_lost_bucket_is_no_fault_of_an_erasure(bus: Bus, desk: DeskBucket) -> None:
    await call(bus, f"STREAM.DELETE.{STREAM}", Done)
    await desk.forget(ANA)
    with pytest.raises(LogError):
        await desk.see(ANA, Seen(1))


async def test_a_server_without_room_is_served_without_the_bucket(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.jetstream.desk.MOST_BYTES", 2**60)
    monkeypatch.setattr("events.jetstream.desk._FEWEST_BYTES", 2**60)
    with structlog.testing.capture_logs() as logs:
        desk = await DeskBucket.open(bus)
    await desk.close()
    assert [line["event"] for line in logs] == ["desk.no_bucket"]
