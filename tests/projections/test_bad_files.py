"""An unusable file is rebuilt from the log, by itself, with a log line that gives the reason."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from events.memory_log import MemoryLog
from events.subjects import inbound_subject
from projections import files
from projections.database import sqlite3
from projections.rebuild import rebuild
from tests.projections.following import following
from tests.projections.past import ANA, NOON, Past, store


def statement(sql: str) -> Callable[[Path], None]:
    def run(path: Path) -> None:
        db = sqlite3.connect(str(path))
        db.execute(sql)
        db.commit()
        db.close()

    return run


def cut(path: Path) -> None:
    os.truncate(path, 5000)


def scribble(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)


def lose_pointer(path: Path) -> None:
    (path.parent / files.POINTER).unlink()


def spoil_pointer(path: Path) -> None:
    (path.parent / files.POINTER).write_text("../../etc/passwd")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (statement("UPDATE meta SET version = '0.00000000'"), "it has version 0.00000000"),
        (statement("UPDATE meta SET stream = '2020-01-01T00:00:00+00:00'"), "it was folded from another log"),
        (statement("UPDATE meta SET msg_id = 'x:1'"), "the log has another event at its checkpoint 6"),
        (statement("UPDATE meta SET at = at - 1"), "the log has another event at its checkpoint 6"),
        (statement("UPDATE meta SET checkpoint = 9"), "the log was cut"),
        (statement("DELETE FROM meta"), "it has no checkpoint"),
        (statement("DROP TABLE turns"), "no such table"),
        (cut, "cannot be read"),
        (scribble, "file is not a database"),
        (Path.unlink, "it is not there"),
        (lose_pointer, "there is none yet"),
        (spoil_pointer, "there is none yet"),
    ],
)
async def test_a_file_of_no_use(tmp_path: Path, past: Past, spoil: Callable[[Path], None], reason: str) -> None:
    """Another version, another log, a log that was cut, damage of any kind: the content is the log's again."""
    log = MemoryLog()
    for number in (1, 2):
        past.answered(number)
    await store(log, past.events)
    async with following(log, tmp_path) as follows:
        path = follows.runner.path
        history = follows.queries.history(ANA)
    assert path is not None
    spoil(path)
    with capture_logs() as logged:
        async with following(log, tmp_path) as follows:
            assert follows.queries.history(ANA) == history
            past.answered(3)
            await store(log, past.events[6:])
            await follows.runner.reached(9)
            assert follows.sequences == [7, 8, 9]
    assert [entry["reason"] for entry in logged if entry["event"] == "projection_rebuild" and reason in entry["reason"]]
    assert len(list(tmp_path.glob("projection-*.db"))) == 1, "the useless file is gone"


async def test_a_log_that_lost_its_end_and_grew_again(tmp_path: Path) -> None:
    """Restored from a backup it has other events at the same sequences; messages of gateways that give no Msg-Id
    differ by the server's stamp alone."""
    now = NOON
    before, after = (MemoryLog(clock=lambda: now) for _ in range(2))
    for log, second in ((before, "lost"), (after, "instead")):
        for text in ("kept", second):
            now += timedelta(seconds=1)
            log.put(inbound_subject(ANA, "in"), b'{"id": "%s", "text": "%s"}' % (text.encode(), text.encode()))
    assert (await before.head()).created == (await after.head()).created
    await rebuild(before, tmp_path)
    async with following(after, tmp_path) as follows:
        assert [entry.text for entry in follows.queries.history(ANA)] == ["kept", "instead"]


async def test_a_file_that_is_damaged_while_it_is_written(tmp_path: Path, past: Past) -> None:
    """The runner rebuilds it and goes on; every event is delivered once."""
    log = MemoryLog()
    for number in range(300):
        past.answered(number)
    await store(log, past.events[:-3])
    async with following(log, tmp_path) as follows:
        assert follows.runner.path is not None
        follows.runner.path.write_bytes(b"\xff" * follows.runner.path.stat().st_size)
        with capture_logs() as logged:
            await store(log, past.events[-3:])
            await follows.runner.reached(900)
        assert "projection_damaged" in [entry["event"] for entry in logged]
        assert follows.sequences == [898, 899, 900]
        assert len(follows.queries.history(ANA, limit=1000)) == 600
        assert follows.runner.healthy
