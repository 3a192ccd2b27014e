"""`recado backup` and `recado restore` where things are not as they should be, and on the embedded server."""

from __future__ import annotations

import shutil
import signal
import zipfile
from pathlib import Path

import pytest

from events.inbound import Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import LogMismatch
from events.subjects import ChatKey
from recado.transfer.archive import put_back
from tests.chaos.process import Recado
from tests.nats_server import NatsServer
from tests.recado.command import Command

ANA = ChatKey("local", "5511999990001@s.whatsapp.net")


@pytest.fixture
async def saved(on_bus: Command, jetstream_log: JetStreamLog, tmp_path: Path) -> Path:
    """A backup of a log with one message, larger than one piece of the transfer."""
    for number in range(1000):
        await jetstream_log.publish(ANA, Message(id=f"m{number}", text=str(number) * 400), msg_id=f"m{number}")
    file = tmp_path / "log.recado"
    done = await on_bus("backup", str(file))
    assert done.code == 0, done.err
    assert "1,000" in done.out
    return file


@pytest.fixture
async def empty(saved: Path, nats_server: NatsServer, bus: Bus) -> Bus:
    """The bus of the test, with nothing on it."""
    for stream in ("EVENTS", "DLQ", "ACCOUNTS", "PROFILES", "KNOWLEDGE"):
        await bus.request(f"$JS.API.STREAM.DELETE.{stream}")
    return bus


async def test_a_restore_is_interrupted(saved: Path, empty: Bus, on_bus: Command) -> None:
    """The log is back and not settled: no instance starts on it, and the same command goes on where it was."""
    await put_back(empty, saved)
    with pytest.raises(LogMismatch, match="recado restore"):
        await JetStreamLog.open(empty)
    assert "is being put back" in (await on_bus("events")).err
    done = await on_bus("restore", str(saved), "--json")
    assert done.code == 0, done.err
    assert done.document["settled"]["messages"] == 1000
    log = await JetStreamLog.open(empty)
    assert (await log.head()).last > 1000
    await log.close()


@pytest.mark.parametrize("name", ["EVENTS/stream.tar.s2", "EVENTS/backup.json", "recado.json"])
async def test_a_damaged_file(name: str, saved: Path, empty: Bus, on_bus: Command) -> None:
    """It is told, and nothing is made of it."""
    content = bytearray(saved.read_bytes())
    with zipfile.ZipFile(saved) as archive:
        info = archive.getinfo(name)
    content[info.header_offset + 30 + len(name) + 20] ^= 0xFF
    saved.write_bytes(content)
    done = await on_bus("restore", str(saved))
    assert (done.code, "is no backup of recado's" in done.err) == (1, True), done.err
    assert (await empty.request("$JS.API.STREAM.INFO.EVENTS")).data.find(b"stream not found") > 0


async def test_another_file_than_a_backup(on_bus: Command, tmp_path: Path) -> None:
    """A file of something else, and none."""
    (other := tmp_path / "other").write_text("no zip file")
    done = await on_bus("restore", str(other))
    assert (done.code, "is no backup of recado's" in done.err) == (1, True)
    done = await on_bus("restore", str(tmp_path / "nothing"))
    assert (done.code, "No such file" in done.err) == (1, True)


async def test_nowhere_to_write(on_bus: Command, tmp_path: Path) -> None:
    """The folder is named, and nothing is left behind."""
    done = await on_bus("backup", str(tmp_path / "missing" / "log.recado"))
    assert (done.code, "missing" in done.err) == (1, True)


async def test_the_embedded_server(tmp_path: Path) -> None:
    """Saved while recado up runs; put back without anything running; the conversation goes on."""
    up = Recado(tmp_path / "up", command="up")
    await up.started()
    recado = Command(tmp_path, RECADO_DATA=str(up.data), OPENAI_API_MODE="scripted")
    assert (await recado("say", "5511999990001", "hello")).code == 0
    file = tmp_path / "log.recado"
    done = await recado("backup", str(file))
    assert done.code == 0, done.err
    held = await recado("restore", str(file))
    assert (held.code, "recado runs already" in held.err) == (1, True)
    assert await up.stop(signal.SIGTERM) == 0
    shutil.rmtree(up.data)
    done = await recado("restore", str(file))
    assert done.code == 0, done.err
    await up.started()
    assert (await recado("say", "5511999990001", "again")).code == 0
    await up.has_read_all()
    history = (await recado("history", "5511999990001", "--json")).document
    assert [line["text"] for line in history if line["author"] == "person"] == ["hello", "again"]
    assert (await recado("verify")).code == 0
    await up.stop()
