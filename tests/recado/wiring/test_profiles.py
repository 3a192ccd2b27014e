"""The profiles of a bus as an instance follows them: none holds another up, and a restart forgets nothing."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest

from actors.answering import Answering
from actors.tools.python import ToolsUnusable
from actors.tools.services import ServiceTools
from backends.scripted import Scripted
from events.memory_library import MemoryLibrary
from events.memory_profiles import MemoryProfileLog
from events.profile import Profile, encoded
from events.subjects import ChatKey
from recado.settings.settings import settings_of
from recado.wiring import profiles as wiring
from recado.wiring import tool_modules
from recado.wiring.backends import Model
from recado.wiring.means import Shared
from recado.wiring.profile_settings import Usable
from recado.wiring.profiles import AnsweringByProfile
from recado.wiring.tool_modules import StillImported, ToolModules
from tests.waiting import until

MONDAY = datetime(2026, 11, 30, 12, tzinfo=UTC)
KEYED = {"openai_base_url": "https://other.example/v1", "openai_api_key_name": "SHOP_KEY", "openai_api_mode": "chat"}


class Router:
    """Chats that nobody has."""

    def profiles_changed(self, is_changed: Any, some_waited: bool) -> None: ...

    def search_again(self) -> None: ...


def profile(name: str, n: int = 1, **settings: Any) -> Profile:
    return Profile(name=name, n=n, at=MONDAY, accounts=(name,), settings=settings)


@asynccontextmanager
async def instance(
    data: Path, stored: MemoryProfileLog, now: datetime = MONDAY, **variables: str
) -> AsyncIterator[AnsweringByProfile]:
    """An instance that follows, at a time of the bus."""
    given = {
        "OPENAI_API_MODE": "scripted",
        "RECADO_DATA": str(data),
        "RECADO_PROFILE_SERVERS": "https://other.example/v1 SHOP_KEY",
        "RECADO_PROFILE_TOOLS": "hanging_tools, broken_tools",
        **variables,
    }
    shared = Shared(
        ServiceTools(cast(Any, None)),
        cast(Any, None),
        Model(Scripted(), "scripted"),
        MemoryLibrary(),
        cast(Any, Mock()),
    )
    answers = AnsweringByProfile("a-1", settings_of(given), shared, stored)
    answers._now = lambda: now
    router = cast(Any, Router())
    tasks = [asyncio.create_task(work) for work in (answers.follow(router), answers.look_again(router))]
    try:
        await until(lambda: answers.read.is_set() or any(task.done() for task in tasks))
        yield answers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await answers.close()


def answering(answers: AnsweringByProfile, account: str) -> Answering:
    return answers.profiles.of(ChatKey(account, "5511999990001@s.whatsapp.net"))


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The module `hanging_tools`, whose import returns once this is set, and `broken_tools`, whose import fails."""
    release = threading.Event()
    monkeypatch.setattr(tool_modules, "IMPORTED_WITHIN", 0.05)
    monkeypatch.setattr(wiring, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(sys, "release_of_hanging_tools", release, raising=False)
    (tmp_path / "hanging_tools.py").write_text(
        "import sys\nsys.release_of_hanging_tools.wait()\n\ndef clock() -> str:\n    'The time.'\n    return 'noon'\n"
    )
    (tmp_path / "broken_tools.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield release
    release.set()
    for name in ("hanging_tools", "broken_tools"):
        sys.modules.pop(name, None)


async def test_an_import_that_does_not_return_holds_no_other_profile_up(
    hanging: threading.Event, tmp_path: Path
) -> None:
    """Its own chats wait, and the reason is told; when it returns after all, they are answered."""
    stored = MemoryProfileLog()
    await stored.write([profile("a", tools="hanging_tools"), profile("b", ai_system_prompt="Be kind.")], expected=0)
    async with instance(tmp_path / "data", stored) as answers:
        assert answering(answers, "a").rules.waits
        assert not answering(answers, "b").rules.waits
        (lack,) = answers.lacks
        assert lack.startswith("a@1: the import of hanging_tools has not returned")
        await stored.write([profile("c")], expected=2)
        await until(lambda: answering(answers, "c").profile == "c@1")
        hanging.set()
        await until(lambda: not answering(answers, "a").rules.waits)
        assert answers.lacks == ()
        assert "clock" in [tool.name for tool in await answering(answers, "a").tools.offered("a")]


def test_a_module_is_imported_once_and_waited_for_once(hanging: threading.Event, monkeypatch: Any) -> None:
    """One that failed is tried again."""
    modules = ToolModules()
    with pytest.raises(StillImported):
        modules.tools("hanging_tools")
    monkeypatch.setattr(tool_modules, "IMPORTED_WITHIN", 3600.0)
    with pytest.raises(StillImported):
        modules.tools("hanging_tools")
    for _ in range(2):
        with pytest.raises(ToolsUnusable, match="division by zero"):
            modules.tools("broken_tools")
    assert modules.tools(None) == {}


async def test_what_waited_for_a_variable_that_came_with_a_restart_is_not_stale(tmp_path: Path) -> None:
    """The time counts from which the profile can be used again: after the restart, and after the next one."""
    stored, data, later = MemoryProfileLog(), tmp_path / "data", MONDAY + timedelta(days=3)
    data.mkdir()
    await stored.write([profile("shop", **KEYED), profile("other")], expected=0)
    async with instance(data, stored) as answers:
        assert answering(answers, "shop").rules.waits
    for start in range(3):
        async with instance(data, stored, later + timedelta(hours=start), SHOP_KEY="sk") as answers:
            rules = answering(answers, "shop").rules
            assert (rules.waits, rules.usable_from) == (False, later)
            assert answering(answers, "other").rules.usable_from is None


async def test_what_waited_for_a_profile_that_was_corrected_is_not_stale(tmp_path: Path) -> None:
    stored, data = MemoryProfileLog(), tmp_path / "data"
    data.mkdir()
    await stored.write([profile("shop", **KEYED)], expected=0)
    async with instance(data, stored) as answers:
        assert answering(answers, "shop").rules.waits
        await stored.write([profile("shop", 2)], expected=1)
        await until(lambda: answering(answers, "shop").profile == "shop@2")
        assert answering(answers, "shop").rules.usable_from == MONDAY


@pytest.mark.parametrize("body", [b"", b"{", b'{"unusable": 7}', b"\xff"])
async def test_a_damaged_file_stops_no_start(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "profile-waits.json").write_bytes(body)
    stored = MemoryProfileLog()
    await stored.write([profile("shop")], expected=0)
    async with instance(tmp_path, stored) as answers:
        assert not answering(answers, "shop").rules.waits


async def test_a_restored_stream_has_other_versions_of_the_same_names(tmp_path: Path) -> None:
    """They are read again, those of turns that began before too."""
    stored = MemoryProfileLog()
    await stored.write([profile("shop", max_conversation_history=3)], expected=0)
    async with instance(tmp_path, stored) as answers:
        assert answering(answers, "shop").history == 3
        stored._kept.clear()
        await stored.store(("x", b"{"), ("shop", encoded(profile("shop", max_conversation_history=7))))
        await until(lambda: answering(answers, "shop").history == 7)
        named = answers.profiles.named("shop@1")
        assert named is not None
        assert named.history == 7


async def test_a_secret_that_came_while_a_former_version_was_read(tmp_path: Path) -> None:
    """Given a version that was read without its secret for a turn that began before, when it is in force and its secret
    comes, then the newer reading counts."""
    stored, shop = MemoryProfileLog(), profile("shop", 1, **KEYED)
    await stored.write([shop], expected=0)
    async with instance(tmp_path, stored) as answers:
        await answers._read_former(shop)
        answers._known["shop@1"] = Usable(answers._own)
        answers.profiles.forget(["shop@1"])
        assert not answering(answers, "shop").rules.waits


async def test_means_that_cannot_be_made_leave_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    def model_of(settings: Any, own: Model, stack: AsyncExitStack) -> Model:
        stack.callback(closed.append, "model")
        return own

    def breaks(*_: Any) -> Any:
        raise RuntimeError("a defect")

    monkeypatch.setattr(wiring, "model_of", model_of)
    monkeypatch.setattr(wiring, "means_of", _in_turn(wiring.means_of, breaks))
    stored = MemoryProfileLog()
    await stored.write([profile("shop")], expected=0)
    async with instance(tmp_path, stored) as answers:
        assert answering(answers, "shop").lacks == "RuntimeError: a defect"
        await until(lambda: closed == ["model"])


def _in_turn(first: Callable[..., Any], then: Callable[..., Any]) -> Callable[..., Any]:
    """The first call is of the one, all others are of the other."""
    calls = iter([first])

    def call(*given: Any) -> Any:
        return next(calls, then)(*given)

    return call
