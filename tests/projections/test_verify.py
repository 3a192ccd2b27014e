"""`recado verify`: the live file agrees with the log, or the first row that does not is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.decisions import Erased
from events.memory_log import MemoryLog
from events.subjects import inbound_subject
from projections.database import sqlite3
from projections.reads.reader import ProjectionMissing
from projections.rebuild import rebuild
from projections.verify import TABLES, VerifyReport, verify
from tests.projections.following import following
from tests.projections.past import ANA, BIA, Past, store


async def a_projection(directory: Path, past: Past) -> MemoryLog:
    log = MemoryLog()
    for number in range(20):
        past.thread(f"th{number}", (ANA, BIA)[number % 2])
        past.answered(number, (ANA, BIA)[number % 2])
    past.control("c1", "pause")
    await store(log, past.events)
    await rebuild(log, directory)
    return log


def different(report: VerifyReport) -> list[str]:
    return [table.table for table in report.tables if table.difference is not None]


async def test_nothing_differs(tmp_path: Path, past: Past) -> None:
    """Every table is compared and counted, and no file is left."""
    log = await a_projection(tmp_path, past)
    before = sorted(tmp_path.iterdir())
    report = await verify(log, tmp_path)
    assert report.is_same
    assert (report.checkpoint, [table.table for table in report.tables]) == (81, list(TABLES))
    assert next(table.rows for table in report.tables if table.table == "history") == 40
    assert [path for path in sorted(tmp_path.iterdir()) if not path.name.endswith(("-wal", "-shm"))] == before


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("UPDATE history SET text = 'forged' WHERE id = 't5.r'", ["history"]),
        ("UPDATE history SET reason = 'stale' WHERE id = 'm3'", ["history"]),
        ("DELETE FROM turns WHERE id = 't7'", ["turns"]),
        (
            "UPDATE chats SET snapshot = json_set(snapshot, '$.inbound_seq', 1) WHERE id = (SELECT max(id) FROM chats)",
            ["chats"],
        ),
        ("UPDATE usage SET output_tokens = output_tokens - 1", ["usage"]),
        ("UPDATE threads SET ended = NULL WHERE thread = 'th2'", ["threads"]),
        (
            "INSERT INTO receipts VALUES (1, 't1.r', 9, 'read', 0, NULL, NULL, 0, 0, NULL, NULL, NULL, '')",
            ["receipts"],
        ),
        ("UPDATE controls SET outcome = 'paused'", ["controls"]),
        ("INSERT INTO search (search, rowid, text) VALUES ('delete', 4, 'answer 0')", ["search"]),
    ],
)
async def test_a_row_that_was_changed_by_hand(tmp_path: Path, past: Past, sql: str, tables: list[str]) -> None:
    """It is found, in any table, and shown as it is and as it should be."""
    log = await a_projection(tmp_path, past)
    db = sqlite3.connect(str(tmp_path / "projection-1.db"))
    assert db.execute(sql).rowcount != 0
    db.commit()
    db.close()
    report = await verify(log, tmp_path)
    assert different(report) == tables
    assert not report.is_same


async def test_the_first_row_that_differs_is_shown(tmp_path: Path, past: Past) -> None:
    """As the live file has it and as the log says it."""
    log = await a_projection(tmp_path, past)
    db = sqlite3.connect(str(tmp_path / "projection-1.db"))
    db.execute("UPDATE history SET text = 'forged' WHERE id IN ('t5.r', 't6.r')")
    db.commit()
    db.close()
    (difference,) = [table.difference for table in (await verify(log, tmp_path)).tables if table.difference]
    assert difference.live is not None
    assert difference.rebuilt is not None
    pairs = zip(difference.live, difference.rebuilt, strict=True)
    assert [pair for pair in pairs if pair[0] != pair[1]] == [("forged", "answer 5")]


async def test_while_an_instance_runs_and_messages_come(tmp_path: Path, past: Past) -> None:
    """The comparison is with the events up to the checkpoint that it saw; later ones do not matter."""
    log = await a_projection(tmp_path, past)
    async with following(log, tmp_path) as follows:

        def progress(done: int, total: int) -> None:
            log.put(inbound_subject(ANA, "in"), b'{"id": "late", "text": "late"}')

        report = await verify(log, tmp_path, progress)
        assert report.is_same
        assert report.checkpoint >= 81
        await follows.runner.reached((await log.head()).last)
        assert (await verify(log, tmp_path)).is_same


async def test_nothing_to_verify(tmp_path: Path, past: Past) -> None:
    """Without a projection, or with one of another log, one is told what to do."""
    with pytest.raises(ProjectionMissing, match="recado replay"):
        await verify(MemoryLog(), tmp_path)
    await a_projection(tmp_path, past)
    with pytest.raises(ProjectionMissing, match="another log"):
        await verify(MemoryLog(), tmp_path)


async def test_a_file_that_is_behind_what_was_erased(tmp_path: Path, past: Past) -> None:
    """Half of its events are gone from the log: that is no difference. It is said to be of no use, or waited for."""
    log = await a_projection(tmp_path, past)
    last = (await log.head()).last
    erased = Erased(upto=last, at=past.now)
    decided = await log.last_decision(ANA)
    assert decided is not None
    await log.append(ANA, erased, expected=decided.seq, msg_id="x:1")
    for seq in [recorded.seq async for recorded in log.of_chat(ANA, last + 1)][::2]:
        await log.erase(seq)
    with pytest.raises(ProjectionMissing, match="a chat that it has was erased since"):
        await verify(log, tmp_path, patience=0.1)
    async with following(log, tmp_path):
        assert (await verify(log, tmp_path)).is_same
