"""Which model is sent which collections, and with which key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite3
from structlog.testing import capture_logs

from actors.tools.look_up import NotSearchable
from backends.embedded import installed
from events.memory_knowledge import MemoryKnowledgeLog
from projections.knowledge import indexing as indexing_of_documents
from projections.knowledge import meanings
from projections.knowledge.index import Index
from projections.knowledge.indexing import Indexing
from recado.settings.settings import Settings, doubts
from recado.wiring import knowledge as wiring
from recado.wiring import modules
from recado.wiring.knowledge import IndexedKnowledge, SearchedKnowledge, index_at, space_of
from tests.projections.knowledge.test_index import SHIPPING, Texts, put

LOCAL = "http://localhost:8080/v1"


class Wanted(IndexedKnowledge):
    def wishes(self, *settings: Settings) -> list[tuple[str, tuple[str, ...]]]:
        self.want(settings, are_all=True)
        return [(wish.embedder.space, wish.collections) for wish in self._embedding._wishes]


@pytest.fixture
async def knowledge(tmp_path: Path) -> AsyncIterator[Wanted]:
    async with AsyncExitStack() as stack:
        log = MemoryKnowledgeLog()
        await put(log, "shipping")
        indexing = Indexing(Index(tmp_path / "knowledge.db"), log, Texts(shipping=SHIPPING))
        stack.push_async_callback(indexing.close)
        await indexing.catch_up()
        yield Wanted(indexing, stack)


def chosen(*collections: str, key: str = "sk-1", model: str = "m", url: str | None = LOCAL) -> Settings:
    return Settings(knowledge=collections, embedding_model=model, embedding_base_url=url, embedding_api_key=key)


async def test_a_key_sends_its_own_collections_alone(knowledge: Wanted) -> None:
    """Two profiles with a key each at one server: neither pays for, nor shows its server account, the other's
    documents. Two with the same key are one."""
    space = f"m at {LOCAL}"
    assert knowledge.wishes(chosen("shop"), chosen("bar", key="sk-2")) == [(space, ("shop",)), (space, ("bar",))]
    assert knowledge.wishes(chosen("shop"), chosen("bar", "shop")) == [(space, ("shop", "bar"))]


async def test_another_server_is_another_space(knowledge: Wanted) -> None:
    """A server that a profile names puts no vectors into the search of others."""
    wishes = knowledge.wishes(chosen("shop"), chosen("shop", url="https://other.example/v1"))
    assert len({space for space, _ in wishes}) == 2


async def test_another_password_is_another_account(knowledge: Wanted) -> None:
    """A profile whose address has a password of its own is not served with the password of another."""
    ana, bia = (chosen("shop", url=f"https://{user}:secret@vectors.example/v1") for user in ("ana", "bia"))
    assert len({id(knowledge._embedder(settings)) for settings in (ana, bia, ana)}) == 2
    assert len({space for space, _ in knowledge.wishes(ana, bia)}) == 1


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        chosen(),
        chosen("shop", model=""),
        chosen("shop", url=None),
        Settings(knowledge=("shop",), openai_api_key="sk-1"),
        Settings(knowledge=("shop",), embedding_model="m", openai_api_mode="scripted"),
    ],
)
async def test_nothing_is_sent_unasked(knowledge: Wanted, settings: Settings) -> None:
    """Without a model, without collections, or without a server that could be asked, no documents are sent."""
    assert knowledge.wishes(settings) == []


def test_the_models_own_server_is_asked_where_none_is_named() -> None:
    settings = Settings(knowledge=("shop",), embedding_model="m", openai_api_key="sk-1")
    assert space_of(settings) == "m at https://api.openai.com/v1"
    assert doubts(settings) == []


def test_a_model_without_a_server_is_a_doubt() -> None:
    (doubt,) = doubts(chosen("shop", url=None))
    assert "OPENAI_EMBEDDING_BASE_URL" in doubt


HERE = {"embedding_model": "embedded", "knowledge": ("shop",)}


@pytest.mark.parametrize("around", [{}, {"openai_api_key": "sk-1"}, {"openai_api_mode": "scripted"}])
async def test_the_model_of_a_package_needs_no_server(knowledge: Wanted, around: dict[str, str]) -> None:
    """With any model for the answers, and with none; the key of the answers' model makes no other."""
    settings = Settings(**HERE, **around)  # type: ignore[arg-type]
    assert knowledge.wishes(settings) == [(f"embedded: {installed()}", ("shop",))]
    assert doubts(settings) == []
    assert len({id(knowledge._embedder(one)) for one in (settings, Settings(**HERE))}) == 1  # type: ignore[arg-type]


async def test_a_server_may_have_a_model_of_that_name(knowledge: Wanted) -> None:
    assert knowledge.wishes(chosen("shop", model="embedded")) == [(f"embedded at {LOCAL}", ("shop",))]


def test_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start says what to do; nothing is asked of who does not want it."""
    monkeypatch.setattr(modules, "installed", lambda: None)
    assert "make embedded" in (modules.embedded_problem(Settings(**HERE)) or "")  # type: ignore[arg-type]
    assert modules.embedded_problem(Settings(knowledge=("shop",))) is None
    assert modules.embedded_problem(Settings(embedding_model="embedded")) is None
    assert modules.embedded_problem(chosen("shop", model="embedded")) is None


def test_no_password_is_kept_in_the_index() -> None:
    assert "secret" not in space_of(chosen("shop", url="https://me:secret@vectors.example/v1"))


async def test_a_look_up_while_the_server_is_away(knowledge: Wanted) -> None:
    settings = chosen("shop", url="http://127.0.0.1:9/v1")
    space = space_of(settings)
    (lacking,) = await knowledge._indexing.read(meanings.lacking, space, ("shop",), 9)
    await knowledge._indexing.write(meanings.keep, space, [(lacking.digest, b"\x00\x00\x80?" + b"\x00" * 28)])
    await knowledge._indexing.write(meanings.note_whole, space, ["shop"])
    (found,) = await knowledge.of(settings).look_up(("shop",), "frete")
    assert "frete" in found.text


def test_an_index_that_cannot_be_opened_stops_no_start(tmp_path: Path) -> None:
    """A folder of the name stands for a disk or rights at fault."""
    path = tmp_path / "knowledge.db"
    path.mkdir()
    with capture_logs() as logs:
        index = index_at(path)
    assert index.checkpoint == 0
    index.close()
    assert [entry["event"] for entry in logs] == ["index_unusable"]
    assert path.is_dir()


async def test_no_stream_of_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up waits a while, and fails with words; it finds nothing in no index."""
    monkeypatch.setattr(wiring, "WITHIN", 0.01)
    indexing = Indexing(Index(None), MemoryKnowledgeLog(), Texts())
    with pytest.raises(NotSearchable, match="no stream"):
        await SearchedKnowledge(indexing, None).look_up(("shop",), "bread")
    await indexing.close()


async def test_a_damaged_index(knowledge: Wanted, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*_: object) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(indexing_of_documents, "search", damaged)
    with pytest.raises(NotSearchable, match="malformed"):
        await knowledge.of(Settings()).look_up(("shop",), "frete")
