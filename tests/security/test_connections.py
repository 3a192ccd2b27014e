"""Connections that say nothing, or too little, stop neither the page nor the process."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import pytest

from console import connection
from recado.process_start import begin
from tests.chaos.process import Recado
from tests.console.conftest import ANA, Page, serve

_HALF_A_FORM = (
    b"POST /login HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\na"
)


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with serve(tmp_path) as served:
        yield served


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_one_command_raises_the_soft_limit() -> None:
    """`begin` runs before every command."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        begin()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(hard, 65536)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_idle_connections_end_nothing(tmp_path: Path, sockets: ExitStack) -> None:
    """400 at a hard limit of 256 open files: the page answers beside them, and the log has a few lines."""
    recado = Recado(tmp_path, command="up")
    recado.start(through=("sh", "-c", 'ulimit -n 256; exec "$@"', "sh"))
    await recado.ready()
    page = str((await recado.said("started"))["page"])
    port = int(page.rpartition(":")[2])
    try:
        for _ in range(400):
            one = sockets.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            one.setblocking(False)
        async with aiohttp.ClientSession() as session:
            for _ in range(5):
                async with session.get(f"{page}/healthz", headers={"Connection": "close"}) as answer:
                    assert answer.status == 200
        assert recado.runs
        said = (tmp_path / "recado.log").read_text()
        assert said.count("connections_dropped") <= 2
        assert "out of system resource" not in said
        assert len(said) < 20_000
    finally:
        await recado.stop()


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"\r\n",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: ",
        _HALF_A_FORM,
    ],
)
async def test_half_a_request_is_dropped(page: Page, begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the head, in the middle of a header, in the middle of a body."""
    monkeypatch.setattr(connection, "HEAD_WITHIN", 0.1)
    monkeypatch.setattr(connection, "BODY_WITHIN", 0.1)
    port = int(page.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begun)
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(30):
            await reader.read()
    writer.close()


async def test_an_endless_head_is_refused(page: Page) -> None:
    """After 64 KiB and what one read brings, whether in one header or in many."""
    port = int(page.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
    sent = 0
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(30):
            while sent < 64 * 1024**2:
                writer.write(b"a" * 65536)
                await writer.drain()
                sent += 65536
            await reader.read()
    assert sent < 64 * 1024**2
    writer.close()


async def test_a_stream_is_not_idle(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """A live stream outlives every limit on what a client owes."""
    for limit in ("HEAD_WITHIN", "BODY_WITHIN", "TAKEN_WITHIN"):
        monkeypatch.setattr(connection, limit, 0.0)
    async with page.stream(f"/api/chats/{ANA.chat}/stream") as stream:
        for trouble in range(4):  # each is noticed within half a second: two sweeps come by
            page.troubles[:] = [str(trouble)]
            while (await stream.next("status"))[1]["reasons"] != [str(trouble)]:
                pass
