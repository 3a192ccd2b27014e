"""A full disk: nothing is lost, and the instance is told that it cannot write."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import NoReturn

import pytest
from structlog.testing import capture_logs

from events.memory_log import MemoryLog
from projections import files
from projections.database import sqlite3
from projections.projection import Projection
from projections.rebuild import rebuild
from tests.projections.following import Following, following
from tests.projections.past import ANA, Past, store
from tests.waiting import until


def allow_pages(follows: Following, pages: int) -> None:
    """As if the disk had room for so many pages: SQLite then says that it is full."""
    assert follows.runner._file is not None
    follows.runner._file.projection.db.execute(f"PRAGMA max_page_count = {pages}")


async def test_a_batch_that_cannot_be_written_is_tried_until_it_can(tmp_path: Path, past: Past) -> None:
    """Unhealthy, with an error in the log, as long as it lasts; then every event is there and handed on once."""
    log = MemoryLog()
    past.answered(1)
    async with following(log, tmp_path) as follows:
        await store(log, past.events)
        await follows.runner.reached(3)
        for number in range(2, 200):
            past.answered(number)
        allow_pages(follows, 1)
        with capture_logs() as logged:
            await store(log, past.events[3:])
            await until(lambda: not follows.runner.healthy)
            assert (follows.runner.checkpoint, follows.sequences) == (3, [1, 2, 3])
            assert follows.reads.snapshot(ANA).inbound_seq == 1, "what is readable stays readable"
            allow_pages(follows, 1_000_000)
            await follows.runner.reached(597)
        assert "projection_unwritable" in [entry["event"] for entry in logged]
        assert follows.runner.healthy
        assert follows.health == [False, True], "told once each, however often it was tried"
        assert follows.sequences == list(range(1, 598))
        assert len(follows.queries.history(ANA, limit=1000)) == 398


@pytest.mark.parametrize(
    "trouble", [OSError(errno.EIO, "Input/output error"), sqlite3.OperationalError("disk I/O error")]
)
@pytest.mark.parametrize("where", [(files, "live"), (Projection, "open")])
async def test_a_disk_in_trouble_while_switching(
    tmp_path: Path, past: Past, monkeypatch: pytest.MonkeyPatch, trouble: Exception, where: tuple[object, str]
) -> None:
    """The instance goes on with the file it has, and goes over to the rebuilt one once that can be read."""
    log = MemoryLog()
    past.answered(1)
    await store(log, past.events)

    def fails(*_: object) -> NoReturn:
        raise trouble

    async with following(log, tmp_path) as follows:
        before = follows.runner.path
        report = await rebuild(log, tmp_path)
        with monkeypatch.context() as broken, capture_logs() as logged:
            broken.setattr(*where, fails)
            past.answered(2)
            await store(log, past.events[3:])
            await follows.runner.reached(6)
        assert "projection_switch_waits" in [entry["event"] for entry in logged]
        assert follows.runner.path == before
        past.answered(3)
        await store(log, past.events[6:])
        await follows.runner.reached(9)
        assert follows.runner.path == tmp_path / report.file
        assert follows.sequences == list(range(4, 10))


async def test_an_old_file_that_cannot_be_removed(tmp_path: Path, past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays where it is, with a line in the log; the new one is followed."""
    log = MemoryLog()
    past.answered(1)
    await store(log, past.events)

    def fails(_: Path) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    async with following(log, tmp_path) as follows:
        report = await rebuild(log, tmp_path)
        monkeypatch.setattr(files, "remove", fails)
        with capture_logs() as logged:
            past.answered(2)
            await store(log, past.events[3:])
            await follows.runner.reached(6)
        assert "projection_leftover" in [entry["event"] for entry in logged]
        assert follows.runner.path == tmp_path / report.file
