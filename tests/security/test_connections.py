"""Connections that say nothing, or too little, stop neither the page nor the process."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from console import connection, open_streams
from console.open_streams import most_of_one_place
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from gateways.cloud.webhook import PATH
from recado.embedded import config
from recado.embedded.data_folder import DataFolder
from recado.embedded.server import EmbeddedNats
from recado.process_start import begin
from tests.chaos.process import Recado, recado
from tests.console.conftest import ANA, Page, serve
from tests.doubles.graph_server import ACCESS_TOKEN
from tests.doubles.graph_webhooks import APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN

_HALF_A_FORM = (
    b"POST /login HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\na"
)


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with serve(tmp_path) as served:
        yield served


def test_one_command_raises_the_soft_limit() -> None:
    """`begin` runs before every command."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        begin()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(hard, 65536)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("given", [None, 10240])
def test_a_system_that_gives_fewer_files(given: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS says that there is no hard limit and refuses a large soft one: recado takes what it gets, and starts."""
    allowed: list[int] = []

    def refused(_kind: int, limits: tuple[int, int]) -> None:
        if given is None or limits[0] > given:
            raise ValueError("current limit exceeds maximum limit")
        allowed.append(limits[0])

    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refused)
    with capture_logs() as lines:
        begin()
    assert allowed == ([] if given is None else [given])
    assert [line["event"] for line in lines] == (["open_files_not_raised"] if given is None else [])


async def test_the_embedded_servers_connections_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses connections beyond the limit, in words; those before go on."""
    monkeypatch.setattr(config, "MOST_CONNECTIONS", 8)
    with DataFolder.hold(tmp_path / "data") as folder:
        async with EmbeddedNats.start(folder) as server, AsyncExitStack() as stack:
            bus = await Bus.open(server.address.url, token=server.address.token)
            stack.push_async_callback(bus.close)
            port = int(server.address.url.rpartition(":")[2])
            said = b""
            async with asyncio.timeout(60):
                while b"maximum connections exceeded" not in said:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    stack.callback(writer.close)
                    said = await reader.readline() + await _line_at_once(reader)
            log = await JetStreamLog.open(bus, max_bytes=server.log_bytes)
            assert (await log.head()).last == 0
            await log.close()


async def _line_at_once(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(0.1):
            return await reader.readline()
    except TimeoutError:
        return b""


@asynccontextmanager
async def few_files(folder: Path, command: str, **environment: str) -> AsyncIterator[Recado]:
    """A recado that may have 1,024 open files, soft and hard, and that has started."""
    with recado(folder, command=command, **environment) as process:
        process.start(through=("sh", "-c", 'ulimit -n 1024; exec "$@"', "sh"))
        await process.said("started")
        yield process


@pytest.fixture
def many_files() -> Iterator[None]:
    """The attacker has files enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def bears(process: Recado, port: int, *path_and_status: tuple[str, int]) -> None:
    """1,200 connections, some without a word, some in the middle of a head or a body: the paths answer beside them, and
    the log has a few lines."""
    begun = (b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n", _HALF_A_FORM)
    with ExitStack() as sockets:
        for n in range(1200):
            one = sockets.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            one.setblocking(False)
            with contextlib.suppress(ConnectionError):  # some are dropped already
                one.send(begun[n % len(begun)])
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            for path, status in path_and_status:
                async with session.get(path, headers={"Connection": "close"}) as answer:
                    assert answer.status == status, path
    await process.said("connections_dropped")
    assert process.runs
    said = process.tail(10**7)
    assert "out of system resource" not in said
    assert "Traceback" not in said
    assert "Too many open files" not in said
    assert len(said) < 20_000


@pytest.mark.usefixtures("many_files")
async def test_silent_connections(tmp_path: Path) -> None:
    """To a page beyond loopback, whose process shares its files with the embedded server, and to the webhook beside it.
    Takes as long as the two need to start, and 2,400 connections."""
    page = {"RECADO_HOST": "0.0.0.0", "RECADO_PAGE_PASSWORD": "correct-horse-battery"}
    webhook = {
        "WHATSAPP_ACCESS_TOKEN": ACCESS_TOKEN,
        "WHATSAPP_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
        "WHATSAPP_APP_SECRET": APP_SECRET,
        "WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
        "RECADO_WEBHOOK_PORT": "0",
    }
    async with few_files(tmp_path / "up", "up", **page) as up:
        await up.ready()
        port = int(str((await up.said("started"))["page"]).rpartition(":")[2])
        await bears(up, port, ("/healthz", 200), ("/readyz", 200), ("/login", 200), ("/desk", 401))
        async with few_files(tmp_path / "gateway", "gateway cloud", RECADO_DATA=str(up.data), **webhook) as gateway:
            port = int(str((await gateway.said("started"))["webhook"]).rpartition(":")[2].removesuffix(PATH))
            asked = f"{PATH}?hub.mode=subscribe&hub.challenge=7&hub.verify_token={VERIFY_TOKEN}"
            await bears(gateway, port, ("/healthz", 200), (asked, 200), (PATH, 403))


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
        async with asyncio.timeout(60):
            await reader.read()
    writer.close()


async def test_an_endless_head_is_refused(page: Page) -> None:
    """After 64 KiB and what one read brings, whether in one header or in many."""
    port = int(page.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
    sent = 0
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(60):
            while sent < 64 * 1024**2:
                writer.write(b"a" * 65536)
                await writer.drain()
                sent += 65536
            await reader.read()
    assert sent < 64 * 1024**2
    writer.close()


async def test_a_stream_is_not_idle(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """A live stream outlives every limit on a slow client."""
    for limit in ("HEAD_WITHIN", "BODY_WITHIN", "TAKEN_WITHIN"):
        monkeypatch.setattr(connection, limit, 0.0)
    async with page.stream(f"/api/chats/{ANA.chat}/stream") as stream:
        for trouble in range(4):  # each is noticed within half a second: two sweeps come by
            page.troubles[:] = [str(trouble)]
            while (await stream.next("status"))[1]["reasons"] != [str(trouble)]:
                pass


async def test_one_place_has_few_live_streams(page: Page) -> None:
    """One too many is refused in words, and room is there again when one ends."""
    path = f"/api/chats/{ANA.chat}/stream"
    async with AsyncExitStack() as others:
        for _ in range(most_of_one_place() - 1):
            await others.enter_async_context(page.stream(path))
        async with page.stream(path):
            status, answer = await page.get(path)
            assert status == 429
            assert "close a page" in answer["error"]
            assert (await page.get("/desk"))[0] == 200
            async with page.session.head(page.address + path) as response:
                assert response.status == 200
        async with asyncio.timeout(60):
            while (await _status_of(page, path)) == 429:
                await asyncio.sleep(0.01)


async def test_live_streams_leave_connections_for_the_rest(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many places open them."""
    monkeypatch.setattr(open_streams, "most_streams", lambda: 3)
    path = f"/api/chats/{ANA.chat}/stream"
    async with AsyncExitStack() as others:
        for n in range(3):
            await others.enter_async_context(page.stream(path, X_Forwarded_For=f"192.0.2.{n}"))
        status, answer = await page.get(path, **{"X-Forwarded-For": "192.0.2.9"})
        assert status == 503
        assert "no room" in answer["error"]
        assert (await page.get("/desk"))[0] == 200


async def _status_of(page: Page, path: str) -> int:
    async with page.session.get(page.address + path) as response:
        return response.status
