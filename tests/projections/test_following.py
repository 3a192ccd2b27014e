"""The runner: everything is folded once and delivered once, in the order of the log."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from events.inbound import Message
from events.memory_log import MemoryLog
from projections.files import AlreadyFollowed
from tests.projections.following import following
from tests.projections.past import ANA, Past, pending, store


async def test_committed_events_are_handed_on(tmp_path: Path, past: Past) -> None:
    """A delivered event can be read; repeats are marked."""
    log = MemoryLog()
    async with following(log, tmp_path) as follows:
        past.answered(1)
        past.message("m1")
        await store(log, past.events)
        await follows.runner.reached(4)
        assert [(recorded.seq, recorded.repeat) for recorded in follows.handed_on] == [
            (1, False), (2, False), (3, False), (4, True),
        ]  # fmt: skip
        assert [entry.id for entry in follows.queries.history(ANA)] == ["m1", "t1.r"]
        assert (follows.runner.checkpoint, follows.runner.lag, follows.runner.healthy) == (4, 0, True)


async def test_rows_are_there_when_events_are_handed_on(tmp_path: Path, past: Past) -> None:
    """Inside `on_committed` the file has the event already: an actor that wakes from it finds it."""
    log = MemoryLog()
    seen: list[int] = []
    async with following(log, tmp_path) as follows:
        follows.handed_on = follows.handed_on
        follows.runner._on_committed = lambda events: seen.append(follows.reads.snapshot(ANA).inbound_seq)
        past.message("m1")
        await store(log, past.events)
        await follows.runner.reached(1)
    assert seen == [1]


async def test_a_restart_goes_on_from_the_checkpoint(tmp_path: Path, past: Past) -> None:
    """Events folded before are neither folded nor delivered again; events that came meanwhile are both."""
    log = MemoryLog()
    past.answered(1)
    await store(log, past.events)
    async with following(log, tmp_path) as first:
        assert first.runner.checkpoint == 3
        assert first.handed_on == [], "a rebuild at start is nobody's news"
        path = first.runner.path
    past.answered(2)
    await store(log, past.events[3:])
    async with following(log, tmp_path) as second:
        assert second.sequences == [4, 5, 6]
        assert second.runner.path == path
        assert len(second.queries.history(ANA)) == 4


async def test_waiting_for_a_sequence(tmp_path: Path, past: Past) -> None:
    """All callers go on when the checkpoint is there; for a committed event no caller waits."""
    log = MemoryLog()
    past.answered(1)
    async with following(log, tmp_path) as follows:
        waits = [asyncio.create_task(follows.runner.reached(seq)) for seq in (3, 1, 2, 3)]
        given_up = asyncio.create_task(follows.runner.reached(2))
        await asyncio.sleep(0)
        given_up.cancel()
        assert not any(wait.done() for wait in waits)
        await store(log, past.events)
        await asyncio.gather(*waits)
        await follows.runner.reached(3)


async def test_only_one_runner_for_a_folder(tmp_path: Path) -> None:
    """A second one says so instead of writing into the same file."""
    log = MemoryLog()
    async with following(log, tmp_path):
        with pytest.raises(AlreadyFollowed, match="another RECADO_DATA"):
            async with following(log, tmp_path):
                pass


async def test_an_empty_log(tmp_path: Path) -> None:
    """There is nothing to catch up with, and the first message is folded like any other."""
    log = MemoryLog()
    async with following(log, tmp_path) as follows:
        assert follows.runner.checkpoint == 0
        await log.publish(ANA, Message(id="m1", text="hello"), msg_id="in:1")
        await follows.runner.reached(1)
        assert pending(follows.reads) == [ANA]


async def test_a_closed_log_ends_the_runner(tmp_path: Path, past: Past) -> None:
    """The runner ends without an error when the log is closed."""
    log = MemoryLog()
    past.answered(1)
    await store(log, past.events)
    async with following(log, tmp_path) as follows:
        await log.close()
        assert follows.runner.checkpoint == 3
