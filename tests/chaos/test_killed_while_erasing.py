"""SIGKILL at each step of erasing a chat: in the end none of its bytes is left, and everybody else's are.

A real recado in responses mode, a real nats-server, a provider's double that keeps conversations; the files on disk are
read for what was erased.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from events.decisions import Erased
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.subjects import ChatKey
from tests.chaos.nats_proxy import Frame, NatsProxy, appends
from tests.chaos.outsider import ANA, BOB
from tests.chaos.stage import Stage, stage
from tests.doubles.openai_responses_faults import ResponsesFault
from tests.waiting import until

Hold = Callable[[NatsProxy], None]
SECRET = "xylophone"
"""A word of Ana's. The model repeats it, the provider keeps it, it is searched for, and her file is made of it."""


def deletes(stream: str, *, times: int = 1) -> Callable[[Frame], bool]:
    """Whether a publish is the `times`-th order to delete a message of the stream, or a later one."""
    seen = 0

    def step(frame: Frame) -> bool:
        nonlocal seen
        seen += frame.subject == f"$JS.API.STREAM.MSG.DELETE.{stream}"
        return seen >= times

    return step


STEPS: dict[str, Hold] = {
    "erased is on its way": lambda p: p.hold_before(appends("erased")),
    "erased is stored, unanswered": lambda p: p.hold_after(appends("erased")),
    "a piece of a file is to go": lambda p: p.hold_before(deletes("OBJ_MEDIA")),
    "the file's entry is gone, unanswered": lambda p: p.hold_after(deletes("OBJ_MEDIA", times=2)),
    "the first event is to go": lambda p: p.hold_before(deletes("EVENTS")),
    "half of the events are gone": lambda p: p.hold_after(deletes("EVENTS", times=4)),
    "the receipt is on its way": lambda p: p.hold_before(appends("erased", times=2)),
    "the receipt is stored, unanswered": lambda p: p.hold_after(appends("erased", times=2)),
}


async def _file() -> AsyncIterator[bytes]:
    yield SECRET.encode() * 1000


@asynccontextmanager
async def told(folder: Path, **settings: str) -> AsyncIterator[Stage]:
    """Ana and Bob have had a conversation each, Ana's with a file, and both chats are at rest."""
    async with stage(folder, OPENAI_API_MODE="responses", RECADO_RUN_TIMEOUT="8", **settings) as on:
        await on.recado.started()
        bus = await Bus.open(on.server.url)
        store = await MediaStore.open(bus, kept=timedelta(days=7), log_bytes=1, replicas=1)
        await store.put("document-1", _file())
        await bus.close()
        await on.outsider.write(BOB, "b1", "good morning")
        await on.outsider.write(ANA, "a1", f"my {SECRET} is out of tune", name="Ana Xylander")
        await on.log.ended(ANA, "a1")
        file = {"object": "document-1", "mime": "text/plain", "filename": f"{SECRET}.txt"}
        await on.outsider.write(ANA, "a2", f"here is a {SECRET}", kind="document", media=file)
        await on.log.ended(ANA, "a2")
        await on.log.ended(BOB, "b1")
        yield on


def left_in(folder: Path, word: str) -> list[str]:
    """The files in which the word stands, whatever the case of its letters."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".log")]
    return [str(path.relative_to(folder)) for path in files if word.encode() in _bytes_of(path).lower()]


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # the server, or recado, has just removed it
        return b""


async def receipt_of(on: Stage, key: ChatKey) -> Erased:
    """The receipt, once it is in the log."""

    def found() -> Erased | None:
        events = [recorded.event for recorded in on.log.events if recorded.key == key]
        return next((event for event in events if isinstance(event, Erased) and event.done), None)

    receipt = await until(found)
    assert receipt is not None
    return receipt


async def nothing_is_left(on: Stage) -> None:
    """Neither the log's files, nor the projection's, nor the provider have anything of Ana's; Bob's chat is whole."""
    for word in (SECRET, "xylander", "out of tune", "document-1"):
        await until(lambda word=word: not left_in(on.server.store, word))  # type: ignore[misc]
        await until(lambda word=word: not left_in(on.recado.data, word))  # type: ignore[misc]
    provider = on.model.responses
    assert not provider.conversations.left
    (bobs,) = provider.conversations.all.values()
    assert bobs.said() == [("user", "good morning"), ("assistant", "reply to: good morning")]
    assert SECRET not in json.dumps(provider.state())
    assert left_in(on.server.store, "good morning")
    await on.shows(BOB, "good morning", "reply to: good morning")


@pytest.mark.parametrize("step", STEPS)
async def test_killed_while_erasing(tmp_path: Path, step: str) -> None:
    """Started again it goes on where it was; then Ana writes anew, and nobody remembers anything."""
    async with told(tmp_path) as on:
        STEPS[step](on.proxy)
        await on.outsider.order(ANA, "c1", "erase", by="ana")
        await on.proxy.holds()
        on.recado.kill()
        on.proxy.pass_all()
        await on.recado.started()
        receipt = await receipt_of(on, ANA)
        assert (receipt.cause, receipt.by, receipt.left) == ("c1", "ana", ())
        await nothing_is_left(on)
        await on.recado.is_verified()
        await on.outsider.write(ANA, "a3", "hello")
        await on.log.ended(ANA, "a3")
        await on.shows(ANA, "hello", "reply to: hello")
        await on.recado.is_verified()


async def test_erased_by_command(tmp_path: Path) -> None:
    """`recado erase` says what is gone; a rebuilt projection knows nothing of it, and `chats` shows Bob's alone."""
    async with told(tmp_path) as on:
        refused = await on.recado.run("erase", ANA.chat)
        assert refused.code == 1, refused
        erased = await on.recado.run("erase", ANA.chat, "--yes")
        assert erased.code == 0, erased
        assert erased.out.endswith("1 file, 1 thread.\n"), erased
        await nothing_is_left(on)
        chats = json.loads((await on.recado.run("chats", "--json")).out)
        assert [chat["chat"] for chat in chats] == [BOB.chat]
        replayed = await on.recado.run("replay")
        assert replayed.code == 0, replayed
        await on.recado.is_verified()
        again = await on.recado.run("erase", ANA.chat, "--yes", "--json")
        assert again.code == 1, again
        assert "the chat was erased in account" in again.err


async def test_a_provider_that_does_not_delete(tmp_path: Path) -> None:
    """All else is removed, and the receipt names the thread that is left, so that somebody can see to it."""
    async with told(tmp_path) as on:
        refusal = ResponsesFault(kind="error", at="conversations.delete", status=400, times=None)
        on.model.responses.faults.add(refusal)
        erased = await on.recado.run("erase", ANA.chat, "--yes")
        assert erased.code == 1, erased
        (thread,) = [e.event.thread for e in on.log.events if e.type == "thread_created" and e.key == ANA]
        assert thread in erased.err
        assert not left_in(on.server.store, SECRET)


async def test_outlived(tmp_path: Path) -> None:
    """RECADO_RETENTION erases a chat in which nothing has happened for so long, and no other."""
    async with told(tmp_path) as on:
        on.recado.kill()
        await on.recado.started(RECADO_RETENTION="3s")
        log = await JetStreamLog.open(bus := await Bus.open(on.server.url))
        receipt = await receipt_of(on, ANA)
        assert receipt.by == "retention"
        assert [e async for e in log.of_chat(ANA, 10_000) if e.type not in ("erased", "control")] == []
        await log.close()
        await bus.close()
        await until(lambda: not left_in(on.server.store, SECRET))
        await until(lambda: not left_in(on.recado.data, SECRET))
