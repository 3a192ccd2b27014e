"""A fault of the file of the index stops no instance, and deletes no file that is intact."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite3
from structlog.testing import capture_logs

from events.knowledge import Pair
from events.memory_knowledge import MemoryKnowledgeLog
from projections.knowledge import index as file
from projections.knowledge import indexing as following
from projections.knowledge import meanings
from projections.knowledge.embedding import Embedding, Wish
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from tests.projections.knowledge.meaning import Words
from tests.projections.knowledge.test_index import AT, HOURS, RETURNS, SHIPPING, Texts, found, put
from tests.waiting import until

PASSING = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_IOERR | 1 << 8,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
)
OF_THE_FILE = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT)


def fault(code: int) -> sqlite3.DatabaseError:
    error = sqlite3.OperationalError(f"code {code}")
    error.sqlite_errorcode = code
    return error


class Failing:
    """A function that fails first, as often as there are faults."""

    def __init__(self, function: Any, *faults: Exception) -> None:
        self.function = function
        self.faults = list(faults)

    def __call__(self, *given: Any, **named: Any) -> Any:
        if self.faults:
            raise self.faults.pop(0)
        return self.function(*given, **named)

    def as_method(self) -> Any:
        def method(*given: Any) -> Any:
            return self(*given)

        return method


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(following, "PAUSE", 0.0)
    return tmp_path / "knowledge.db"


@pytest.fixture
async def log() -> MemoryKnowledgeLog:
    log = MemoryKnowledgeLog()
    for name in ("shipping", "returns", "hours"):
        await put(log, name)
    return log


@pytest.fixture
async def indexing(path: Path, log: MemoryKnowledgeLog) -> AsyncIterator[Indexing]:
    indexing = Indexing(Index(path), log, Texts(shipping=SHIPPING, returns=RETURNS, hours=HOURS))
    await indexing.catch_up()
    yield indexing
    await indexing.close()


@pytest.mark.parametrize("error", [*map(fault, PASSING), *map(fault, OF_THE_FILE), OSError(28, "No space left")])
async def test_a_fault_while_it_writes(
    error: Exception, path: Path, log: MemoryKnowledgeLog, indexing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a fault, then the follower says so, and all documents are found afterwards. Only a file at fault is made
    again."""
    before = path.stat().st_ino
    kept = path.open("rb")  # so that a new file gets another number
    await put(log, "menu", faq=(Pair("Soup?", "On Fridays."),))
    failing = Failing(Index._replace, error)
    monkeypatch.setattr(Index, "_replace", failing.as_method())
    with capture_logs() as logs:
        task = asyncio.create_task(indexing.follow())

        async def is_found() -> bool:
            return task.done() or await found(indexing, "soup") == ["shop/menu"]

        await until(is_found)
    assert not task.done()
    assert [entry["event"] for entry in logs] == ["index_faulty"]
    await until(indexing.is_whole.is_set)
    assert await found(indexing, "frete") == ["shop/shipping"]
    assert (path.stat().st_ino == before) == (getattr(error, "sqlite_errorcode", None) not in OF_THE_FILE)
    task.cancel()
    kept.close()


async def test_a_fault_again_and_again(
    log: MemoryKnowledgeLog, indexing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one of making the file again."""
    await put(log, "menu", faq=(Pair("Soup?", "On Fridays."),))
    failing = Failing(Index._replace, *map(fault, OF_THE_FILE + PASSING))
    opening = Failing(file._opened, *(fault(code) for code in PASSING), PermissionError("no"))
    monkeypatch.setattr(Index, "_replace", failing.as_method())
    monkeypatch.setattr(file, "_opened", opening)
    task = asyncio.create_task(indexing.follow())
    await until(lambda: task.done() or (not failing.faults and not opening.faults and indexing.is_whole.is_set()))

    async def is_found() -> bool:
        return task.done() or await found(indexing, "soup") == ["shop/menu"]

    await until(is_found)
    assert not task.done()
    task.cancel()


def test_nothing_counts_as_read_before_it_is_stored() -> None:
    """Given a commit that fails, then the index is where its file is."""
    index = Index(None)
    index.db.execute(
        "CREATE TEMP TRIGGER refuse AFTER UPDATE ON meta BEGIN SELECT raise(ROLLBACK, 'the disk is full'); END"
    )
    other = Index(None)
    other.checkpoint = 7
    for write in (
        lambda: index.take(str(AT), 7, (), afresh=True),
        lambda: index.replace_with(other),
    ):
        with pytest.raises(sqlite3.DatabaseError):
            write()
        assert (index.stream, index.checkpoint) == ("", 0)
    index.close()
    other.close()


@pytest.mark.parametrize("code", PASSING)
async def test_an_intact_file_that_cannot_be_opened_now(
    code: int, path: Path, indexing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays, and is used at the next start."""

    class Refusing(sqlite3.Connection):  # type: ignore[misc]
        def execute(self, sql: str, *given: Any) -> Any:
            if sql.startswith("SELECT"):
                raise fault(code)
            return super().execute(sql, *given)

    connect = sqlite3.connect
    with monkeypatch.context() as patched:
        patched.setattr(file.sqlite3, "connect", lambda *given, **named: connect(*given, **named, factory=Refusing))
        with pytest.raises(sqlite3.DatabaseError):
            Index(path)
    again = Index(path)
    assert again.checkpoint == 3
    again.close()


async def test_a_fault_ends_no_making_of_vectors(indexing: Indexing, monkeypatch: pytest.MonkeyPatch) -> None:
    model, embedding = Words(), Embedding(indexing)
    embedding._pause = 0.0
    failing = Failing(meanings.keep, fault(sqlite3.SQLITE_FULL))
    tidying = Failing(meanings.tidy, fault(sqlite3.SQLITE_FULL))
    monkeypatch.setattr(meanings, "keep", failing)
    monkeypatch.setattr(meanings, "tidy", tidying)
    embedding.want([Wish(model, ("shop",))], are_all=True)
    task = asyncio.create_task(embedding.run())

    async def is_made() -> bool:
        return task.done() or len((await indexing.read(meanings.vectors_by_space)).get(model.space, ())) == 3

    await until(is_made)
    await until(lambda: task.done() or not tidying.faults)
    indexing.changed.set()
    for _ in range(3):
        await indexing.read(meanings.vectors_by_space)
    assert not task.done()
    task.cancel()


@pytest.mark.parametrize("code", [*PASSING, *OF_THE_FILE])
async def test_a_fault_that_a_reader_meets(
    code: int, path: Path, indexing: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a fault in a search, then it is raised, the file is opened or made again, and all is found afterwards."""
    task = asyncio.create_task(indexing.follow())
    monkeypatch.setattr(following, "search", Failing(following.search, fault(code)))
    reopened: list[Exception] = []
    reopen = Index.reopen
    monkeypatch.setattr(Index, "reopen", lambda self, met: (reopened.append(met), reopen(self, met))[1])
    with pytest.raises(sqlite3.DatabaseError):
        await found(indexing, "frete")
    await until(lambda: task.done() or bool(reopened))
    await until(indexing.is_whole.is_set)
    assert await found(indexing, "frete") == ["shop/shipping"]
    assert not task.done()
    assert len(reopened) == 1
    task.cancel()


def _forget_pages(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA shrink_memory")


async def test_a_damaged_page(path: Path, indexing: Indexing) -> None:
    """Given bytes that the disk lost, then the file is made again beside the questions, which are answered again."""
    body = path.read_bytes()
    assert len(body) > 3 * 16384
    task = asyncio.create_task(indexing.follow())
    await until(indexing.is_whole.is_set)
    with path.open("r+b") as file_:
        file_.seek(16384)
        file_.write(b"\xff" * (len(body) - 16384))
    for beside in ("-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    await indexing.read(_forget_pages)
    answers: list[object] = []

    async def is_mended() -> bool:
        try:
            answers.append(await found(indexing, "frete"))
        except sqlite3.DatabaseError as damaged:
            answers.append(damaged)
        return task.done() or answers[-1] == ["shop/shipping"]

    await until(is_mended)
    assert not task.done()
    task.cancel()
