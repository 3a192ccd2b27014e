"""Messages are delivered before their commit, and told from repeats; all other events wait for the commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from chat.context import Line
from events import memory_log
from events.decisions import Erased
from events.inbound import Control, Edit, Inbound, Media, Message, Receipt, Revoke
from events.log import EventLog
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import ChatKey
from projections import commit_buffer, files
from projections.commit_buffer import CommitBuffer
from projections.database import sqlite3
from projections.projection import Projection
from projections.reads.actor_reads import ChatReads
from projections.reads.reader import ProjectionMissing
from projections.rebuild import grow, rebuild
from projections.uncommitted import UncommittedMessages, may_go_early
from tests.projections.following import Following, following
from tests.projections.past import ANA, BIA, GROUP, NOON, Past, store, undated
from tests.projections.test_unwritable import allow_pages
from tests.waiting import until


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held back for so long that a test would fail if that were waited for."""
    monkeypatch.setattr(commit_buffer, "LINGER", 3600.0)


@asynccontextmanager
async def unhurried(log: EventLog, folder: Path) -> AsyncIterator[Following]:
    """No caller waits for the events."""
    async with following(log, folder) as follows:
        follows.runner._commit_buffer._on_read = lambda batch: bool(follows.delivered_early.extend(batch))
        yield follows


@pytest.mark.parametrize("key", [ANA, GROUP])
async def test_a_message_can_be_read_before_it_is_in_the_file(tmp_path: Path, past: Past, key: ChatKey) -> None:
    """As it will read then; the file does not know of it, and once it does nothing of it is kept beside."""
    log = MemoryLog()
    past.message("m1", "he\x00llo", key=key, name="Ana")
    async with unhurried(log, tmp_path) as follows:
        await store(log, past.events)
        await until(lambda: follows.delivered_early)
        line = Line("user", "hello", "Ana" if key is GROUP else "")
        assert undated(follows.reads.lines_of(key, ("m1", "m2"))) == (line,)
        assert ChatReads(follows.reader).lines_of(key, ("m1",)) == ()
        assert (follows.runner.checkpoint, follows.runner.delivered) == (0, 1)
        assert follows.handed_on == []
        await follows.runner.reached(1)
        assert follows.sequences == [1]
        assert follows.runner.uncommitted.of(key, "m1") is None
        assert undated(follows.reads.lines_of(key, ("m1",))) == (line,)


async def test_a_repeat_is_known_whichever_has_the_first(tmp_path: Path, past: Past) -> None:
    """The first is in the file or uncommitted; another chat's message of the same id does not count, nor the event
    itself."""
    log = MemoryLog()
    past.message("old")
    await store(log, past.events)
    async with unhurried(log, tmp_path) as follows:
        past.message("old")
        past.message("new")
        past.message("new")
        past.message("new", key=BIA)
        await store(log, past.events[1:])
        await until(lambda: len(follows.delivered_early) == 4)
        assert follows.reads.repeats(follows.delivered_early) == {2, 4}
        await follows.runner.reached(5)
        assert [recorded.seq for recorded in follows.handed_on if recorded.repeat] == [2, 4], "as the file says"
        assert follows.reads.repeats(follows.delivered_early) == {2, 4}


WAITS: list[Inbound] = [
    Edit(id="e1", of="m1", text="other"),
    Revoke(id="e1", of="m1"),
    Control(id="c1", command="pause"),
    Message(id="m2", kind="image", media=Media(object="a picture")),
]


@pytest.mark.parametrize("event", WAITS, ids=lambda event: type(event).__name__)
async def test_events_that_wait_for_the_file(tmp_path: Path, past: Past, event: Inbound) -> None:
    """It is committed at once, and later events do not overtake it."""
    log = MemoryLog()
    past.message("m1")
    await store(log, past.events)
    async with unhurried(log, tmp_path) as follows:
        past.happened(event)
        past.message("m3")
        await store(log, past.events[1:])
        await until(lambda: follows.sequences[:1] == [2])
        past.message("m4")
        await store(log, past.events[3:])
        await until(lambda: [recorded.seq for recorded in follows.delivered_early][-1:] == [4])
        assert 2 not in [recorded.seq for recorded in follows.delivered_early]


def test_which_decisions_wait(past: Past) -> None:
    """An erasure takes rows away; every other decision adds to its own chat alone."""
    past.answered(1)
    past.happened(Receipt(id="r1", reply="t1.r", state="sent"))
    assert may_go_early(past.events)
    past.happened(Erased(upto=3, at=NOON))
    assert not may_go_early(past.events)


async def test_nothing_goes_ahead_of_a_file_that_cannot_be_written(tmp_path: Path, past: Past) -> None:
    """An instance that cannot write answers no messages: others are to take over."""
    log = MemoryLog()
    past.answered(1)
    async with unhurried(log, tmp_path) as follows:
        await store(log, past.events)
        await follows.runner.reached(3)
        allow_pages(follows, 1)
        for number in range(2, 200):
            past.answered(number)
        await store(log, past.events[3:])
        waiting = asyncio.create_task(follows.runner.reached(597))
        await until(lambda: not follows.runner.healthy)
        before = len(follows.delivered_early)
        past.message("late")
        await store(log, past.events[597:])
        await until(lambda: follows.runner._commit_buffer.seen == 598)
        assert len(follows.delivered_early) == before
        allow_pages(follows, 1_000_000)
        await waiting
        await follows.runner.reached(598)


@pytest.mark.parametrize(
    "trouble", [sqlite3.DatabaseError("disk image is malformed"), ProjectionMissing(Path(), "it is damaged")]
)
async def test_a_file_that_cannot_be_asked(tmp_path: Path, past: Past, trouble: Exception) -> None:
    """Then the commit finds the repeats; that is logged."""
    log = MemoryLog()

    def broken(_: list[Recorded]) -> bool:
        raise trouble

    async with following(log, tmp_path) as follows:
        follows.runner._commit_buffer._on_read = broken
        past.message("m1")
        with capture_logs() as logged:
            await store(log, past.events)
            await until(lambda: follows.sequences == [1])
        assert [entry["event"] for entry in logged if entry["log_level"] == "warning"] == ["projection_not_asked"]
        assert follows.runner.delivered == 1


async def test_another_file_in_between(tmp_path: Path, past: Past) -> None:
    """Events delivered before the old file's commit are folded into the new one, delivered once, and not early
    again."""
    log = MemoryLog()
    past.message("m1")
    await store(log, past.events)
    async with unhurried(log, tmp_path) as follows:
        past.message("m2")
        await store(log, past.events[1:])
        await until(lambda: follows.delivered_early)
        report = await rebuild(log, tmp_path)
        past.message("m3")
        await store(log, past.events[2:])
        await follows.runner.reached(3)
        assert follows.runner.path == tmp_path / report.file
        assert follows.sequences == [2, 3]
        assert [recorded.seq for recorded in follows.delivered_early] == [2, 3]


async def test_a_new_file_that_is_behind(tmp_path: Path, past: Past) -> None:
    """It is read up to the events that were delivered early, and none is delivered twice."""
    log = MemoryLog()
    past.message("m1")
    await store(log, past.events)
    async with unhurried(log, tmp_path) as follows:
        behind = Projection.create(files.place_to_build(tmp_path), (await log.head()).created)
        await grow(log, behind, 1)
        behind.finish()
        for number in (2, 3):
            past.message(f"m{number}")
            await store(log, past.events[number - 1 :])
            await follows.runner.reached(number)
        live = files.make_live(behind.path)
        await until(lambda: follows.runner.path == live)
        past.message("m4")
        await store(log, past.events[3:])
        await follows.runner.reached(4)
        assert follows.sequences == [2, 3, 4]
        past.message("m5")
        await store(log, past.events[4:])
        await until(lambda: follows.runner.delivered == 5)
        assert [recorded.seq for recorded in follows.delivered_early] == [2, 3, 4, 5]


async def test_reading_waits_for_writing(tmp_path: Path, past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backlog is not read into memory as a whole."""
    monkeypatch.setattr(commit_buffer, "_MOST", 10)
    monkeypatch.setattr(memory_log, "BATCH", 1)  # one batch more than the most may be read
    log = MemoryLog()
    async with following(log, tmp_path) as follows:
        follows.runner._commit_buffer._on_read = lambda _: False
        for number in range(1, 40):
            past.answered(number)
        most = 0
        for recorded in past.events:
            await store(log, [recorded])
            await asyncio.sleep(0)
            most = max(most, len(follows.runner._commit_buffer._events))
        await follows.runner.reached(len(past.events))
        assert most <= 11
        assert follows.sequences == list(range(1, len(past.events) + 1))


async def test_a_reader_that_was_given_up_waiting_for_room(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner changes to another file while the buffer is full: the next reader starts afresh."""
    monkeypatch.setattr(commit_buffer, "_MOST", 1)
    log = MemoryLog()
    past.message("m1")
    await store(log, past.events)
    waiting = CommitBuffer(None, is_delivered=lambda _: True, is_awaited=lambda: True)
    given_up = asyncio.create_task(waiting.read(log.tail, 0))
    await until(lambda: waiting._has_room is not None)
    given_up.cancel()
    await asyncio.wait([given_up])
    waiting.start_over()
    monkeypatch.setattr(commit_buffer, "_MOST", 10)
    reading = asyncio.create_task(waiting.read(log.tail, 0))
    assert [recorded.seq for recorded in await waiting.gather(reading, 10.0)] == [1]
    reading.cancel()
    await asyncio.wait([reading])


def test_the_first_of_an_id_counts(past: Past) -> None:
    """A repeat that came before the first one was committed reads as that one."""
    uncommitted = UncommittedMessages()
    uncommitted.add([past.message("m1", "first"), past.message("m1", "second")])
    found = uncommitted.of(ANA, "m1")
    assert found is not None
    assert isinstance(found.event, Message)
    assert found.event.text == "first"
    uncommitted.drop(0)
    assert uncommitted.of(ANA, "m1") is not None
    uncommitted.drop(1)
    assert uncommitted.of(ANA, "m1") is None
