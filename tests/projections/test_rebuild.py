"""`recado replay`: the projection is rebuilt beside the live one, then the pointer switches."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from events.memory_log import MemoryLog
from events.subjects import inbound_subject
from projections import files
from projections.database import open_to_read, sqlite3
from projections.projection import Projection
from projections.reads.queries import Queries
from projections.reads.reader import ProjectionMissing, Reader
from projections.rebuild import rebuild
from projections.verify import TABLES, content_hash
from tests.projections.following import following
from tests.projections.past import ANA, BIA, Past, store
from tests.waiting import until


async def a_log(past: Past, turns: int = 10) -> MemoryLog:
    log = MemoryLog()
    for number in range(turns):
        past.answered(number, (ANA, BIA)[number % 2])
    await store(log, past.events)
    return log


async def test_a_rebuild_without_an_instance(tmp_path: Path, past: Past) -> None:
    """It shows its progress, returns its report, and leaves one file, which others can read."""
    log = await a_log(past, turns=1000)
    shown: list[tuple[int, int]] = []
    report = await rebuild(log, tmp_path, lambda done, total: shown.append((done, total)))
    assert (report.file, report.checkpoint, report.events) == ("projection-1.db", 3000, 3000)
    assert shown[-1] == (3000, 3000)
    assert Queries(Reader(tmp_path)).counts().messages == 1000
    again = await rebuild(log, tmp_path)
    assert again.file == "projection-2.db"
    assert [path.name for path in tmp_path.glob("projection-*.db*")] == ["projection-2.db"]


async def test_a_rebuild_gives_what_was_followed(tmp_path: Path, past: Past) -> None:
    """File for file the content is the same, from any writer and in any batches."""
    log = MemoryLog()
    async with following(log, tmp_path) as follows:
        for _ in range(5):
            past.answered(len(past.events))
            await store(log, past.events[-3:])
            await follows.runner.reached(len(past.events))
        assert follows.runner.path is not None
        followed = open_to_read(follows.runner.path)
        await rebuild(log, tmp_path)
        rebuilt = open_to_read(files.live(tmp_path) or tmp_path)
        for table in TABLES:
            assert content_hash(followed, table) == content_hash(rebuilt, table), table
        followed.close()
        rebuilt.close()


async def test_the_running_instance_goes_over_to_the_new_file(tmp_path: Path, past: Past) -> None:
    """With the next batch it reads and writes the new file, hands on each event once, and removes the old file."""
    log = await a_log(past)
    async with following(log, tmp_path) as follows:
        report = await rebuild(log, tmp_path)
        past.answered(100)
        await store(log, past.events[-3:])
        await follows.runner.reached(33)
        assert follows.runner.path == files.live(tmp_path) == tmp_path / report.file
        assert follows.sequences == [31, 32, 33]
        assert follows.queries.history(ANA)[-1].text == "answer 100"
        assert [path.name for path in tmp_path.glob("projection-*.db")] == [report.file]


async def test_a_new_file_that_is_behind(tmp_path: Path, past: Past) -> None:
    """Readers keep the old file until the new one has all that was handed on: an actor never sees the past."""
    log = await a_log(past)
    async with following(log, tmp_path) as follows:
        before = follows.runner.path
        built = await built_beside(log, tmp_path)
        past.answered(100)
        await store(log, past.events[-3:])
        await follows.runner.reached(33)
        files.make_live(built)
        seen: list[tuple[Path | None, int]] = []
        settle = follows.runner._settle
        follows.runner._settle = lambda of: (seen.append((follows.runner.path, of.checkpoint)), settle(of))[1]  # type: ignore[assignment, func-returns-value, method-assign]
        past.answered(101)
        await store(log, past.events[-3:])
        await follows.runner.reached(36)
        assert seen[0][0] == before
        assert follows.runner.path == files.live(tmp_path)
        assert follows.sequences == [31, 32, 33, 34, 35, 36]
        assert len(follows.queries.history(ANA, limit=100)) == 14


async def test_a_new_file_that_is_ahead(tmp_path: Path, past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that the other process folded first are still delivered, with their marks, and not folded twice."""
    log = await a_log(past)
    async with following(log, tmp_path) as follows:
        rebuilt = asyncio.Event()
        looks = follows.runner._is_still_live

        async def looks_later(projection: Projection) -> bool:
            await rebuilt.wait()
            return await looks(projection)

        monkeypatch.setattr(follows.runner, "_is_still_live", looks_later)
        past.message("m0")
        past.message("new")
        await store(log, past.events[-2:])
        report = await rebuild(log, tmp_path)
        assert (report.checkpoint, follows.runner.checkpoint) == (32, 30)
        rebuilt.set()
        await follows.runner.reached(32)
        assert [(recorded.seq, recorded.repeat) for recorded in follows.handed_on] == [(31, True), (32, False)]
        (message, *_) = follows.queries.history(ANA, limit=100)
        assert message.repeats == 1


async def test_a_pointer_to_a_file_of_no_use_is_refused(tmp_path: Path, past: Past) -> None:
    """The instance goes on with the file it has."""
    log = await a_log(past)
    async with following(log, tmp_path) as follows:
        before = follows.runner.path
        (tmp_path / "projection-9.db").write_bytes(b"nonsense" * 1000)
        (tmp_path / files.POINTER).write_text("projection-9.db\n")
        past.answered(100)
        await store(log, past.events[-3:])
        await follows.runner.reached(33)
        assert follows.runner.path == before
        assert follows.queries.counts().checkpoint == 33


@pytest.mark.parametrize("deleted", ["projection*", "projection-*", "projection-1.db", "projection"])
@pytest.mark.parametrize("replayed", [True, False])
async def test_files_that_are_deleted_while_an_instance_runs(
    tmp_path: Path, past: Past, deleted: str, *, replayed: bool
) -> None:
    """By hand, with `recado replay` afterwards or without: the instance changes to an existing file, by itself and
    before the next event. Each event is delivered once, and all readers read the same."""
    log = await a_log(past)
    async with following(log, tmp_path) as follows:
        assert follows.queries.counts().checkpoint == 30
        for path in tmp_path.glob(deleted):
            path.unlink()
        if replayed:
            await rebuild(log, tmp_path)
        else:
            await until(lambda: files.live(tmp_path) is not None and files.inode(files.live(tmp_path) or tmp_path) != 0)
        await until(lambda: follows.runner.path == files.live(tmp_path) and follows.runner.healthy)
        past.answered(100)
        await store(log, past.events[-3:])
        await follows.runner.reached(33)
        assert follows.sequences == [31, 32, 33]
        assert follows.queries.history(ANA)[-1].text == "answer 100"
        assert Queries(Reader(tmp_path)).history(ANA)[-1].text == "answer 100"
        assert len(list(tmp_path.glob("projection-*.db"))) == 1


def test_a_new_file_takes_no_name_that_something_has(tmp_path: Path) -> None:
    """A deleted file lives on in its pointer, and in what SQLite kept beside it: that is not the new file's."""
    assert files.place_to_build(tmp_path).name == "projection-1.db.building"
    (tmp_path / "projection-2.db-wal").touch()
    assert files.place_to_build(tmp_path).name == "projection-3.db.building"
    (tmp_path / files.POINTER).write_text("projection-7.db\n")
    assert files.place_to_build(tmp_path).name == "projection-8.db.building"


async def test_one_rebuild_at_a_time(tmp_path: Path, past: Past) -> None:
    """The second says so at once; the first goes on."""
    log = await a_log(past)
    with files.rebuilding(tmp_path), pytest.raises(files.RebuildRunning, match="wait until that is done"):
        await rebuild(log, tmp_path)


async def test_an_instance_waits_for_a_rebuild_elsewhere(tmp_path: Path, past: Past) -> None:
    """Started without a file during a rebuild by another process, it takes the rebuilt file."""
    log = await a_log(past)
    with files.rebuilding(tmp_path):
        async with following(log, tmp_path, caught_up=False) as follows:
            files.make_live(await built_beside(log, tmp_path))
            await follows.runner.caught_up.wait()
            assert follows.runner.path == tmp_path / "projection-1.db"


async def test_an_interrupted_rebuild_changes_nothing(
    tmp_path: Path, past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled half way it leaves no trace; killed half way it leaves a file that the next one removes."""
    log = await a_log(past, turns=2000)
    await rebuild(log, tmp_path)
    monkeypatch.setattr("projections.rebuild.CHUNK", 1000)
    shown: list[int] = []

    def interrupt(done: int, total: int) -> None:
        shown.append(done)
        running.cancel()

    running = asyncio.create_task(rebuild(log, tmp_path, interrupt))
    with pytest.raises(asyncio.CancelledError):
        await running
    assert shown == [1000]
    assert [path.name for path in tmp_path.glob("projection-*.db*")] == ["projection-1.db"]
    assert files.live(tmp_path) == tmp_path / "projection-1.db"
    half = tmp_path / "projection-2.db.building"
    half.write_bytes(b"half")
    await rebuild(log, tmp_path)
    assert not half.exists()


async def test_a_rebuild_that_is_killed_lets_go_of_its_lock(tmp_path: Path, past: Past) -> None:
    """The lock is the process's: after kill -9 the next rebuild starts."""
    script = (
        "import sys, time; from pathlib import Path; from projections import files\n"
        "with files.rebuilding(Path(sys.argv[1])): print('locked', flush=True); time.sleep(600)"
    )
    log = await a_log(past)
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        with pytest.raises(files.RebuildRunning):
            await rebuild(log, tmp_path)
        process.kill()
    assert (await rebuild(log, tmp_path)).events == 30


async def test_events_that_come_while_it_runs(tmp_path: Path, past: Past) -> None:
    """Many are folded before the switch; with a few more each time it does not wait for a last one."""
    log = await a_log(past)
    late = iter(range(1000000))

    def progress(done: int, total: int) -> None:
        for _ in range(1500 if done == 30 else 10):
            log.put(inbound_subject(ANA, "in"), b'{"id": "late-%d", "text": "late"}' % next(late))

    report = await rebuild(log, tmp_path, progress)
    assert report.checkpoint == 1530
    assert Queries(Reader(tmp_path)).history(ANA)[-1].id == "late-1499"
    assert (await log.head()).last == 1540


async def test_reading_without_a_projection(tmp_path: Path, past: Past) -> None:
    """A person is told what to do, also when the file is of another version."""
    reader = Reader(tmp_path)
    with pytest.raises(ProjectionMissing, match="start recado, or run `recado replay`"):
        Queries(reader).chats()
    await rebuild(await a_log(past), tmp_path)
    assert len(Queries(reader).chats()) == 2
    reader.close()
    db = sqlite3.connect(str(tmp_path / "projection-1.db"))
    db.execute("UPDATE meta SET version = '0.0'")
    db.commit()
    db.close()
    with pytest.raises(ProjectionMissing, match=r"has version 0\.0"):
        Queries(reader).chats()


async def built_beside(log: MemoryLog, directory: Path) -> Path:
    """A file that is whole and not live yet."""
    elsewhere = directory / "elsewhere"
    elsewhere.mkdir()
    report = await rebuild(log, elsewhere)
    place = files.place_to_build(directory)
    (elsewhere / report.file).rename(place)
    return place
