"""Connecting to NATS: a clear error if it fails, and a reconnection by itself after a loss."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from events.jetstream import api
from events.jetstream.connection import Bus, BusRefused, BusUnreachable
from events.jetstream.log import JetStreamLog
from events.log import LogUnavailable
from tests.events.given import ANA, message
from tests.nats_operator import NatsOperator
from tests.nats_proxy import NatsProxy
from tests.nats_server import NatsServer, free_port
from tests.waiting import until


@pytest.fixture
def guarded_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A server that asks for a token."""
    server = NatsServer(tmp_path, config="authorization { token: sesame }")
    server.start()
    yield server
    server.kill()


@asynccontextmanager
async def _something_that_says(words: bytes) -> AsyncIterator[int]:
    """The port of a server that is no NATS server."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_no_server_listens() -> None:
    """Given a port without a listener, then the error names the place and the remedy, and no password."""
    port = free_port()
    with pytest.raises(BusUnreachable) as caught:
        await asyncio.wait_for(Bus.open(f"nats://ana:secret@127.0.0.1:{port}"), 60)
    assert caught.value.url == f"nats://127.0.0.1:{port}"
    assert "NATS_URL" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"INFO {\r\n", b"-ERR 'no'\r\n"])
async def test_something_else_listens(words: bytes) -> None:
    """Given a port where something else answers, or nothing, then the bus is unreachable there."""
    async with _something_that_says(words) as port:
        with pytest.raises(BusUnreachable):
            await asyncio.wait_for(Bus.open(f"127.0.0.1:{port}"), 60)


@pytest.mark.parametrize("url", ["nats://127.0.0.1:port", "nats://", "nats://unheard-of.invalid:4222"])
async def test_an_address_that_is_none(url: str) -> None:
    """Given an address that cannot be, then the error says which."""
    with pytest.raises(BusUnreachable) as caught:
        await asyncio.wait_for(Bus.open(url), 60)
    assert caught.value.url == url


async def test_one_of_several_servers(nats_server: NatsServer) -> None:
    """Given two addresses of which one answers, then that is where the connection goes."""
    bus = await Bus.open(f"nats://127.0.0.1:{free_port()}, {nats_server.url}")
    assert bus.connected_url is not None
    assert bus.connected_url.port == nats_server.port
    await bus.close()


@pytest.mark.parametrize("userinfo", ["", "wrong@", "ana:wrong@"])
async def test_the_wrong_token(guarded_server: NatsServer, userinfo: str) -> None:
    """Given a server that wants a token, when none or a wrong one is given, then it refuses, and the error hides it."""
    with pytest.raises(BusRefused) as caught:
        await Bus.open(f"nats://{userinfo}127.0.0.1:{guarded_server.port}")
    assert caught.value.url == guarded_server.url
    assert "NATS_CREDS" in str(caught.value)
    assert "wrong" not in str(caught.value)


async def test_the_right_token(guarded_server: NatsServer) -> None:
    """Given the right token, beside the address or in it, then it connects."""
    for bus in (
        await Bus.open(guarded_server.url, token="sesame"),
        await Bus.open(f"nats://sesame@127.0.0.1:{guarded_server.port}"),
    ):
        await bus.flush()
        await bus.close()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read"),
        (b"", "no user JWT"),
        (b"\xff\xfe", "cannot be read"),
        (b"-----BEGIN NATS USER JWT-----\nx\n", "no valid seed"),
        (b"-----BEGIN NATS USER JWT-----\nx\n-----BEGIN USER NKEY SEED-----\nSUAX\n", "no valid seed"),
    ],
)
async def test_a_credentials_file_that_is_none(
    nats_server: NatsServer, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    """Given a credentials file that is missing or something else, then the error says so, by its name."""
    file = tmp_path / "recado.creds"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BusRefused, match=f"{re.escape(str(file))}.*{reason}"):
        await asyncio.wait_for(Bus.open(nats_server.url, creds=file), 60)


async def test_a_credentials_file(tmp_path: Path) -> None:
    """Given a server with accounts and users, when a user's credentials file is used, then it lets that user in."""
    operator = NatsOperator()
    server = NatsServer(tmp_path, config=operator.server_config)
    server.start()
    file = tmp_path / "recado.creds"
    file.write_text(operator.credentials)
    try:
        with pytest.raises(BusRefused):
            await Bus.open(server.url)
        bus = await Bus.open(server.url, creds=file)
        await bus.flush()
        await bus.close()
    finally:
        server.kill()


async def test_watchers_hear_of_loss_and_return(nats_server: NatsServer) -> None:
    """Given a watcher, when the server goes and comes back, then it is told both, in order, until it is removed."""
    bus = await Bus.open(nats_server.url)
    heard: list[bool] = []
    unwatch = bus.watch(heard.append)
    await asyncio.to_thread(nats_server.kill)
    await until(lambda: heard == [False])
    await asyncio.to_thread(nats_server.start)
    await bus.standing()
    await until(lambda: heard == [False, True])
    unwatch()
    await bus.close()
    assert heard == [False, True]


async def test_a_watcher_that_breaks(nats_server: NatsServer) -> None:
    """Given a watcher with a defect, when the server goes and comes, then that is logged, the others hear of it, and
    the connection comes back."""
    bus = await Bus.open(nats_server.url)
    heard: list[bool] = []

    def breaks(_standing: bool) -> None:
        raise RuntimeError("a defect")

    bus.watch(breaks)
    bus.watch(heard.append)
    with capture_logs() as logs:
        await asyncio.to_thread(nats_server.kill)
        await until(lambda: heard == [False])
        await asyncio.to_thread(nats_server.start)
        await until(lambda: heard == [False, True])
    await bus.flush()
    assert [entry["standing"] for entry in logs if entry["event"] == "bus.watcher_broke"] == [False, True]
    await bus.close()


async def test_a_loss_that_meets_a_time_out(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a request whose time is over but which has not returned yet, when the connection is lost in that moment,
    then nothing breaks: the log is unavailable."""
    watchers: list[Callable[[bool], None]] = []

    def watch(watcher: Callable[[bool], None]) -> Callable[[], None]:
        watchers.append(watcher)
        return lambda: None

    async def silent(*_args: object, **_kwargs: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for watcher in watchers:
                watcher(False)

    monkeypatch.setattr(bus, "watch", watch)
    monkeypatch.setattr(bus, "request", silent)
    monkeypatch.setattr(api, "TIMEOUT", 0.01)
    with pytest.raises(LogUnavailable):
        await api.call(bus, "INFO", api.Done)


async def test_an_outage_is_logged_once(nats_server: NatsServer) -> None:
    """Given a server that stays away for many attempts, then loss, reason and return are a line each."""
    bus = await Bus.open(nats_server.url)
    with capture_logs() as logs:
        await asyncio.to_thread(nats_server.kill)
        await until(lambda: bus._server_pool[0].reconnects > 4)
        await asyncio.to_thread(nats_server.start)
        await bus.standing()
        await until(lambda: any(entry["event"] == "bus.back" for entry in logs))
    events = [entry["event"] for entry in logs]
    assert events.count("bus.lost") == events.count("bus.back") == 1
    said = [entry["error"] for entry in logs if entry["event"] == "bus.error"]
    assert len(said) == len(set(said))
    await bus.close()


async def test_sent_away_for_good(wire: NatsProxy) -> None:
    """Given a server that ends the connection for good, then every append and every tail fails, and it is logged."""
    bus = await Bus.open(wire.url)
    log = await JetStreamLog.open(bus, max_bytes=10_000_000)
    await log.publish(ANA, message("m1"), msg_id="in:1")

    async def follow() -> None:
        async for _batch in log.tail(0):
            wire.say(b"-ERR 'User Authentication Expired'")

    with capture_logs() as logs:
        with pytest.raises(LogUnavailable, match="closed"):
            await asyncio.wait_for(follow(), 60)
        with pytest.raises(LogUnavailable, match="closed"):
            await log.publish(ANA, message("m2"), msg_id="in:2")
        with pytest.raises(LogUnavailable):
            await log.head()
    assert "bus.closed" in [entry["event"] for entry in logs]
    await log.close()
    await bus.close()
