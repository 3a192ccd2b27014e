"""kill -9 of recado, of its server, and a disk that takes no more: the next start, or recado itself, puts it right."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from events.jetstream import publisher
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import LogUnavailable
from recado.embedded import process
from recado.embedded import server as embedded
from recado.embedded.config import Authorization, read_config, write_config
from recado.embedded.data_folder import DataFolder
from recado.embedded.server import EmbeddedNats, find_bus
from tests.events.given import ANA, message, read_to_head
from tests.recado.embedded.other_process import OtherProcess, runs
from tests.waiting import until


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[int]:
    """The server of a recado that was killed."""
    other = OtherProcess(tmp_path)
    other.end(signal.SIGKILL)
    assert runs(other.server_pid)
    yield other.server_pid
    if runs(other.server_pid):
        os.kill(other.server_pid, signal.SIGKILL)


async def test_an_orphan_is_taken_over(orphan: int, tmp_path: Path) -> None:
    """Given the server of a killed recado, when recado starts again, then it goes on with that server, and ends it."""
    assert find_bus(tmp_path) is not None
    with DataFolder.hold(tmp_path) as folder:
        async with EmbeddedNats.start(folder) as server:
            assert server.pid == orphan
            bus = await Bus.open(server.address.url, token=server.address.token)
            await bus.close()
    assert not runs(orphan)


async def test_an_orphan_that_dies_later_is_replaced(orphan: int, tmp_path: Path) -> None:
    """Given a server that was taken over, when it dies, then recado starts another one at the same place."""
    with DataFolder.hold(tmp_path) as folder:
        async with EmbeddedNats.start(folder) as server:
            address = server.address
            os.kill(orphan, signal.SIGKILL)
            await until(lambda: server.pid not in (None, orphan) and find_bus(tmp_path) == address)


async def test_an_orphan_with_other_settings_is_ended(orphan: int, tmp_path: Path) -> None:
    """Given a server that does not run as this release would start it, then it is ended, and a new one started."""
    config = read_config(tmp_path)
    assert config is not None
    write_config(tmp_path, msgspec.structs.replace(config, authorization=Authorization("another")))
    with DataFolder.hold(tmp_path) as folder:
        async with EmbeddedNats.start(folder) as server:
            assert server.pid != orphan
            assert not runs(orphan)
            bus = await Bus.open(server.address.url, token="another")
            await bus.close()


async def test_an_orphan_that_hangs_is_killed(orphan: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a server that neither answers nor ends when asked to, then it is killed and a new one takes its place."""
    monkeypatch.setattr(embedded, "STOP_WITHIN", 0.5)
    os.kill(orphan, signal.SIGSTOP)
    with DataFolder.hold(tmp_path) as folder:
        async with EmbeddedNats.start(folder) as server:
            assert server.pid != orphan
            assert not runs(orphan)


async def test_the_server_dies_under_recado(tmp_path: Path) -> None:
    """Given a running recado, when its server is killed, then it is started again there, and every event is kept."""
    with DataFolder.hold(tmp_path) as folder, capture_logs() as logs:
        async with EmbeddedNats.start(folder) as server:
            bus = await Bus.open(server.address.url, token=server.address.token)
            log = await JetStreamLog.open(bus, max_bytes=server.log_bytes)
            for number in range(1, 4):
                await log.publish(ANA, message(f"m{number}"), msg_id=f"in:{number}")
                pid = server.pid
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                await until(lambda pid=pid: server.pid not in (None, pid))
                await bus.standing()
            assert [event.event for event in await read_to_head(log)] == [message(f"m{n}") for n in range(1, 4)]
            await log.close()
            await bus.close()
    assert [entry["event"] for entry in logs].count("embedded.died") == 3


@pytest.fixture
def short_ack_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "ACK_TIMEOUT", 0.5)


@pytest.mark.usefixtures("short_ack_timeout")
async def test_a_disk_that_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a disk that is full, then recado says so and waits; when there is room again, it goes on with every event.

    The server gives no acknowledgement from the first write that fails until it is started again (2.15.1). A limit on
    its file sizes makes writing fail here; the free space is what the test says it is.
    """
    free = 0
    monkeypatch.setattr(process, "free_bytes", lambda _folder: free)
    with DataFolder.hold(tmp_path) as folder, capture_logs() as logs:
        async with EmbeddedNats.start(folder) as server:
            bus = await Bus.open(server.address.url, token=server.address.token)
            log = await JetStreamLog.open(bus, max_bytes=server.log_bytes)
            pid = server.pid
            assert pid is not None
            stored = [await log.publish(ANA, message("m1"), msg_id="in:1")]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
            with pytest.raises(LogUnavailable, match="disk is full"):
                await log.publish(ANA, message("m2", "x" * 50_000), msg_id="in:2")
            await until(lambda: any(entry["event"] == "embedded.cannot_write" for entry in logs))
            assert server.pid == pid
            assert (await log.head()).last == 1

            free = 2**30
            await until(lambda: server.pid not in (None, pid))
            await bus.standing()
            stored.append(await log.publish(ANA, message("m2", "x" * 50_000), msg_id="in:2"))
            assert [entry.seq for entry in stored] == [event.seq for event in await read_to_head(log)] == [1, 2]
            await log.close()
            await bus.close()
