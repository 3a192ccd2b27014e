"""The embedded NATS server: private to this user, found by other commands, gone when recado ends."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from events.jetstream.connection import Bus, BusRefused
from events.jetstream.log import JetStreamLog
from recado.embedded import config as nats_config
from recado.embedded import process
from recado.embedded.config import CONFIG, read_config, write_config
from recado.embedded.data_folder import DataFolder, DataUnusable
from recado.embedded.server import EmbeddedNats, find_bus
from tests.events.given import ANA, message, read_to_head
from tests.recado.embedded.other_process import runs
from tests.waiting import until


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    """A data folder that the test holds."""
    with DataFolder.hold(tmp_path / "data") as folder:
        yield folder


@asynccontextmanager
async def _log(server: EmbeddedNats) -> AsyncIterator[JetStreamLog]:
    bus = await Bus.open(server.address.url, token=server.address.token)
    log = await JetStreamLog.open(bus, max_bytes=server.log_bytes)
    try:
        yield log
    finally:
        await log.close()
        await bus.close()


async def test_it_runs_while_it_is_needed(folder: DataFolder) -> None:
    """Given a data folder, when the server is started, then it takes events, and it is gone at the end."""
    async with EmbeddedNats.start(folder) as server:
        pid = server.pid
        assert pid is not None
        assert runs(pid)
        async with _log(server) as log:
            assert (await log.publish(ANA, message("m1"), msg_id="in:1")).seq == 1
            assert (await log.head()).limit == server.log_bytes
    assert not runs(pid)
    assert server.pid is None


async def test_events_stay(folder: DataFolder) -> None:
    """Given events from an earlier run, when the server is started again, then they are there, at the same address."""
    async with EmbeddedNats.start(folder) as server, _log(server) as log:
        await log.publish(ANA, message("m1"), msg_id="in:1")
        first = server.address
    async with EmbeddedNats.start(folder) as server, _log(server) as log:
        assert server.address == first
        assert [event.event for event in await read_to_head(log)] == [message("m1")]


async def test_only_a_reader_of_the_file_gets_in(folder: DataFolder) -> None:
    """Given a running server, then its secret is in a file of this user alone: in no address and no argument."""
    async with EmbeddedNats.start(folder) as server:
        file = folder.path / CONFIG
        token = server.address.token
        assert len(token) >= 32
        assert token in file.read_text()
        assert file.stat().st_mode & 0o777 == 0o600
        assert token not in server.address.url + repr(server.address)
        assert token.encode() not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
        assert token.encode() not in Path(f"/proc/{server.pid}/environ").read_bytes()
        with pytest.raises(BusRefused):
            await Bus.open(server.address.url)


def target_of(descriptor: Path) -> str:
    """What a descriptor of a process is open on; empty if it was closed just now."""
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:
        return ""


async def test_it_listens_on_the_loopback_interface_alone(folder: DataFolder) -> None:
    """Given a running server, then it has one listening socket, on 127.0.0.1: no monitor, no other interface."""
    async with EmbeddedNats.start(folder) as server:
        held = [target_of(fd) for fd in Path(f"/proc/{server.pid}/fd").iterdir()]
        inodes = {target.removeprefix("socket:[").rstrip("]") for target in held if target.startswith("socket:")}
        listening = [
            fields[1]
            for table in ("tcp", "tcp6")
            for fields in map(str.split, Path(f"/proc/{server.pid}/net/{table}").read_text().splitlines()[1:])
            if fields[3] == "0A" and fields[9] in inodes
        ]
    assert [address.rpartition(":")[0] for address in listening] == ["0100007F"]


async def test_every_event_is_on_disk_before_it_is_acknowledged(folder: DataFolder) -> None:
    """Given the server as it is started, then its store syncs always."""
    async with EmbeddedNats.start(folder):
        config = read_config(folder.path)
    assert config is not None
    assert config.jetstream.sync_interval == "always"


async def test_other_commands_find_it(folder: DataFolder) -> None:
    """Given a data folder, then its server is found while it runs, and not before or after."""
    assert find_bus(folder.path) is None
    async with EmbeddedNats.start(folder) as server:
        address = find_bus(folder.path)
        assert address == server.address
        bus = await Bus.open(address.url, token=address.token)
        await bus.close()
    assert find_bus(folder.path) is None
    assert find_bus(folder.path / "nowhere") is None


async def test_ctrl_c_in_a_terminal_reaches_recado_alone(folder: DataFolder) -> None:
    """Given a running server, then it is in a session of its own, which no terminal signals."""
    async with EmbeddedNats.start(folder) as server:
        assert server.pid is not None
        assert os.getsid(server.pid) == server.pid != os.getsid(0)


async def test_another_program_on_its_port(folder: DataFolder) -> None:
    """Given that another program took the port meanwhile, then the server moves, is found there, and has its events."""
    async with EmbeddedNats.start(folder) as server, _log(server) as log:
        await log.publish(ANA, message("m1"), msg_id="in:1")
        port = int(server.address.url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        assert find_bus(folder.path) is None
        async with EmbeddedNats.start(folder) as server, _log(server) as log:
            assert server.address.url != f"nats://127.0.0.1:{port}"
            assert find_bus(folder.path) == server.address
            assert len(await read_to_head(log)) == 1


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"port": "high"}', b"\xff"])
async def test_a_damaged_configuration(folder: DataFolder, damage: bytes) -> None:
    """Given a configuration that cannot be read, then a new one is made, with a log line, and the events stay."""
    async with EmbeddedNats.start(folder) as server, _log(server) as log:
        await log.publish(ANA, message("m1"), msg_id="in:1")
    (folder.path / CONFIG).write_bytes(damage)
    assert find_bus(folder.path) is None
    with capture_logs() as logs:
        async with EmbeddedNats.start(folder) as server, _log(server) as log:
            assert len(await read_to_head(log)) == 1
    assert "embedded.config_unreadable" in [entry["event"] for entry in logs]


async def test_a_server_that_cannot_start(folder: DataFolder) -> None:
    """Given a store that the server cannot use, then the error quotes the server, and nothing is left over."""
    (folder.path / "nats").write_text("a file where the store should be")
    with pytest.raises(process.ServerFailed, match=r"(?i)jetstream|store|directory"):
        async with EmbeddedNats.start(folder):
            pass
    assert not process.lives(folder.path)


async def test_a_start_that_is_given_up(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a server that takes long to start, when recado is ended meanwhile, then so is the server."""
    monkeypatch.setattr(process, "banner", lambda _port: {})

    async def start() -> None:
        async with EmbeddedNats.start(folder):
            pass

    starting = asyncio.create_task(start())
    await until(lambda: process.lives(folder.path))
    starting.cancel()
    await asyncio.wait([starting])
    assert starting.cancelled()
    assert not process.lives(folder.path)


async def test_a_disk_without_room(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given less free space than a log needs at first, then the error says how much there is and what to do."""
    monkeypatch.setattr(nats_config, "SMALLEST_STORE", 2**62)
    with pytest.raises(DataUnusable, match=r"MB are free.*RECADO_DATA"):
        async with EmbeddedNats.start(folder):
            pass


async def test_the_store_keeps_its_size(folder: DataFolder) -> None:
    """Given a store of some size, when recado is started on a fuller disk, then the size is unchanged."""
    async with EmbeddedNats.start(folder):
        pass
    config = read_config(folder.path)
    assert config is not None
    smaller = msgspec.structs.replace(config, jetstream=msgspec.structs.replace(config.jetstream, max_file_store=10**9))
    write_config(folder.path, smaller)
    async with EmbeddedNats.start(folder) as server:
        assert server.log_bytes == 5 * 10**8
