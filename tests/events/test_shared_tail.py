"""One reading of the log for several readers: each has every event once, in order, at its own pace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.inbound import Message, Receipt
from events.log import EVERYTHING, EventLog, LogMismatch
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.shared_tail import SharedTail
from events.subjects import ChatKey, account_filter, chat_filter
from tests.waiting import until

SHOP, BAKERY = (ChatKey(account, "5511999990001@s.whatsapp.net") for account in ("shop", "the bakery"))
FILTERS = {
    "all": EVERYTHING,
    "shop": account_filter(SHOP.account),
    "bakery": account_filter(BAKERY.account),
    "chat": chat_filter(SHOP),
    "receipts": account_filter(SHOP.account).removesuffix(".*.*") + ".i.receipt",
}


class Counted(MemoryLog):
    """Counts its readings."""

    open_tails = 0

    async def tail(self, after: int, subject: str = EVERYTHING):  # type: ignore[no-untyped-def]
        self.open_tails += 1
        try:
            async with aclosing(super().tail(after, subject)) as batches:
                async for batch in batches:
                    yield batch
        finally:
            self.open_tails -= 1


class Reader:
    """Reads `subject` from a shared tail, as fast as `pace` lets it."""

    def __init__(self, shared: SharedTail, after: int, subject: str, pace: Callable[[], Awaitable[object]]) -> None:
        self.seen: list[Recorded] = []
        self.task = asyncio.create_task(self._read(shared, after, subject, pace))

    async def _read(self, shared: SharedTail, after: int, subject: str, pace: Callable[[], Awaitable[object]]) -> None:
        async with aclosing(shared.tail(after, subject)) as batches:
            async for batch in batches:
                self.seen += batch
                await pace()


async def at_once() -> None: ...


async def write(log: EventLog, number: int, account: ChatKey, kind: str) -> None:
    event = Message(id=f"m{number}", text="x") if kind == "in" else Receipt(id=f"r{number}", reply="a", state="read")
    await log.publish(account, event, msg_id=f"{kind}:{number}")


async def expected(log: MemoryLog, after: int, subject: str) -> list[int]:
    found: list[int] = []
    async with aclosing(log.tail(0, EVERYTHING)) as batches:
        head = (await log.head()).last
        async for batch in batches:
            found += [recorded.seq for recorded in batch]
            if found[-1] >= head:
                break
    everything = [await log.read(seq) for seq in found]
    wanted = subject.split(".")
    return [
        raw.seq
        for raw in everything
        if raw is not None
        and raw.seq > after
        and (subject == EVERYTHING or all(w in ("*", t) for w, t in zip(wanted, raw.subject.split("."), strict=True)))
    ]


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.sampled_from([SHOP, BAKERY]), st.sampled_from(["in", "receipt"])),
            st.tuples(st.just("reader"), st.sampled_from(sorted(FILTERS)), st.integers(0, 12)),
            st.tuples(st.just("start")),
            st.tuples(st.just("turn"), st.integers(1, 6)),
            st.tuples(st.just("hold"), st.booleans()),
        ),
        max_size=60,
    ),
    most=st.integers(1, 8),
)
def test_each_reader_has_every_event_once(steps: list[tuple[object, ...]], most: int) -> None:
    """Readers that begin anywhere, before or after the shared reading, and some that stop for a while."""
    asyncio.run(_interleaved(steps, most))


async def _interleaved(steps: list[tuple[object, ...]], most: int) -> None:
    log, goes_on = MemoryLog(), asyncio.Event()
    shared = SharedTail(log, most=most)
    goes_on.set()

    async def pace() -> None:
        await goes_on.wait()

    running: asyncio.Task[None] | None = None
    readers: list[tuple[Reader, int, str]] = []
    for number, step in enumerate(steps):
        match step:
            case ("write", ChatKey() as key, str() as kind):
                await write(log, number, key, kind)
            case ("reader", str() as name, int() as after):
                after = min(after, (await log.head()).last)
                readers.append((Reader(shared, after, FILTERS[name], pace), after, FILTERS[name]))
            case ("start",):
                running = running or asyncio.create_task(shared.run())
            case ("turn", int() as turns):
                for _ in range(turns):
                    await asyncio.sleep(0)
            case ("hold", bool() as holds):
                goes_on.clear() if holds else goes_on.set()
    goes_on.set()
    running = running or asyncio.create_task(shared.run())
    await write(log, 10_000, SHOP, "receipt")
    await write(log, 10_001, BAKERY, "in")
    for reader, after, subject in readers:
        wanted = await expected(log, after, subject)
        await until(lambda r=reader, w=wanted: len(r.seen) >= len(w))  # type: ignore[misc]
        assert [recorded.seq for recorded in reader.seen] == wanted
    await log.close()
    await asyncio.gather(running, *(reader.task for reader, _, _ in readers))


async def test_one_reading_for_all() -> None:
    """Once they are at the log's end; a reader that is behind has one of its own until then."""
    log = Counted()
    for number in range(5):
        await write(log, number, SHOP, "in")
    shared = SharedTail(log)
    running = asyncio.create_task(shared.run())
    await until(lambda: log.open_tails == 1)
    readers = [Reader(shared, after, FILTERS["shop"], at_once) for after in (0, 2, 5)]
    readers.append(Reader(shared, 0, EVERYTHING, at_once))
    await until(lambda: [len(one.seen) for one in readers] == [5, 3, 0, 5])
    await write(log, 5, SHOP, "in")
    await until(lambda: [len(one.seen) for one in readers] == [6, 4, 1, 6] and log.open_tails == 1)
    await log.close()
    await asyncio.gather(running, *(one.task for one in readers))


async def test_a_slow_reader_holds_up_no_other() -> None:
    """It is bounded: what is too much for its place it reads from the log."""
    log = Counted()
    shared, stopped = SharedTail(log, most=10), asyncio.Event()
    running = asyncio.create_task(shared.run())
    await until(lambda: log.open_tails == 1)
    slow = Reader(shared, 0, EVERYTHING, stopped.wait)
    other = Reader(shared, 0, EVERYTHING, at_once)
    await write(log, 0, SHOP, "in")
    await until(lambda: len(slow.seen) == 1)
    for number in range(1, 100):
        await write(log, number, SHOP, "in")
    await until(lambda: len(other.seen) == 100)
    assert len(slow.seen) == 1
    assert all(len(place._waiting) <= 10 for place in shared._all())
    stopped.set()
    await until(lambda: [one.seq for one in slow.seen] == list(range(1, 101)))
    await write(log, 100, SHOP, "in")
    await until(lambda: len(slow.seen) == 101 and log.open_tails == 1)
    await log.close()
    await asyncio.gather(running, slow.task, other.task)


async def test_its_end_is_the_end_of_every_reader() -> None:
    """A log that was replaced ends them with its own error."""

    class Replaced(MemoryLog):
        async def tail(self, after: int, subject: str = EVERYTHING):  # type: ignore[no-untyped-def]
            async with aclosing(super().tail(after, subject)) as batches:
                async for batch in batches:
                    yield batch
                    raise LogMismatch("another log")

    log = Replaced()
    shared = SharedTail(log)
    running = asyncio.create_task(shared.run())
    await until(lambda: shared._at == 0)
    readers = [Reader(shared, 0, subject, at_once) for subject in FILTERS.values()]
    await write(log, 1, SHOP, "receipt")
    with pytest.raises(LogMismatch):
        await running
    for reader in readers:
        with pytest.raises(LogMismatch):
            await reader.task
