"""Which chats users have seen, and who has one open: in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import structlog
from hypothesis import given
from hypothesis import strategies as st

from console import seen
from console.seen import SeenChats
from events.desk import LOOKS_LAST, Change, Look, Portion, Seen, name_of, user_of
from events.log import LogFull
from events.subjects import ChatKey

ANA = ChatKey("local", "12025550143@s.whatsapp.net")
TOM = ChatKey("local", "447700900123@s.whatsapp.net")


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Full:
    """A bucket that takes nothing, and then everything."""

    def __init__(self) -> None:
        self.is_full = True
        self.told: list[object] = []
        self.tried = asyncio.Event()

    async def see(self, key: ChatKey, entry: Seen) -> None:
        self.tried.set()
        if self.is_full:
            raise LogFull("the bucket is full")
        self.told.append((key, entry))

    async def look(self, key: ChatKey, look: Look) -> None:
        self.told.append((key, look))

    async def leave(self, key: ChatKey, by: str) -> None:
        self.told.append((key, by))

    async def forget(self, key: ChatKey) -> None: ...

    async def follow(self) -> AsyncIterator[Portion]:
        yield Portion((), is_from_start=True)
        await asyncio.Event().wait()


@given(st.lists(st.integers(0, 2**63 - 1)))
def test_a_mark_never_goes_back(seqs: list[int]) -> None:
    chats = SeenChats()
    for seq in seqs:
        chats.mark(ANA, seq, "ana")
    assert chats.upto(ANA) == max(seqs, default=0)
    assert chats.upto(TOM) == 0


def test_a_look_ends_by_itself_and_by_leaving() -> None:
    clock = Clock()
    chats = SeenChats(now=clock)
    chats.look(ANA, "zoe")
    chats.look(ANA, "ana", writing=True)
    chats.look(TOM, "ana")
    assert (list(chats.looking(ANA)), list(chats.writing(ANA))) == (["ana", "zoe"], ["ana"])
    chats.leave(ANA, "zoe")
    assert list(chats.looking(ANA)) == ["ana"]
    clock.seconds += LOOKS_LAST
    assert list(chats.looking(ANA)) == list(chats.looking(TOM)) == []


def test_other_instances_are_heard() -> None:
    chats = SeenChats()
    name, user = name_of(ANA), user_of("zoe")
    chats.take(Portion((Change(name, "", Seen(7, "zoe")), Change(name, user, Look("zoe")))))
    assert (chats.upto(ANA), list(chats.looking(ANA))) == (7, ["zoe"])
    chats.take(Portion((Change(name, "", Seen(5, "ana")), Change(name, user, None))))
    assert (chats.upto(ANA), list(chats.looking(ANA))) == (7, [])
    chats.take(Portion((Change(name, "", None),)))
    assert chats.upto(ANA) == 0  # the chat was erased


def test_another_bucket_begins_without_marks() -> None:
    chats = SeenChats()
    chats.mark(ANA, 5, "ana")
    chats.look(ANA, "ana")
    chats.take(Portion((), is_from_start=True))
    assert (chats.upto(ANA), list(chats.looking(ANA))) == (0, [])


def test_memory_is_bounded(monkeypatch: object) -> None:
    """Of too many chats the ones marked first are forgotten; of too many looks the new ones are not shown."""
    monkeypatch.setattr(seen, "MOST_CHATS", 3)  # type: ignore[attr-defined]
    monkeypatch.setattr(seen, "MOST_LOOKS", 3)  # type: ignore[attr-defined]
    clock = Clock()
    chats = SeenChats(now=clock)
    keys = [ChatKey("local", f"{number}@s.whatsapp.net") for number in range(5)]
    for key in keys:
        chats.mark(key, 1, "ana")
        chats.look(key, "ana")
    assert [chats.upto(key) for key in keys] == [0, 0, 1, 1, 1]
    assert [len(chats.looking(key)) for key in keys] == [1, 1, 1, 0, 0]
    clock.seconds += LOOKS_LAST
    chats.look(keys[4], "ana")
    assert len(chats.looking(keys[4])) == 1


async def test_a_full_bucket_is_one_line_and_stops_nothing() -> None:
    bucket = Full()
    chats = SeenChats(bucket)
    with structlog.testing.capture_logs() as logs:
        running = asyncio.create_task(chats.run())
        for seq in range(1, 6):
            chats.mark(ANA, seq, "ana")
            await asyncio.wait_for(bucket.tried.wait(), 30)
            bucket.tried.clear()
        assert chats.upto(ANA) == 5
        bucket.is_full = False
        chats.mark(ANA, 6, "ana")
        async with asyncio.timeout(30):
            while not bucket.told:
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert bucket.told == [(ANA, Seen(6, "ana"))]
    assert [line["event"] for line in logs] == ["desk.not_written"]


async def test_the_same_look_is_not_written_each_time() -> None:
    bucket, clock = Full(), Clock()
    chats = SeenChats(bucket, now=clock)
    running = asyncio.create_task(chats.run())
    for _ in range(5):
        chats.look(ANA, "ana")
    chats.look(ANA, "ana", writing=True)
    async with asyncio.timeout(30):
        while not bucket.told:
            await asyncio.sleep(0.01)
    clock.seconds += seen.WRITTEN_AGAIN
    for _ in range(2):
        chats.look(ANA, "ana", writing=True)
    async with asyncio.timeout(30):
        while len(bucket.told) < 2:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert bucket.told == [(ANA, Look("ana", writing=True))] * 2
