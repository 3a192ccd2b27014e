"""Recado refuses to start: one sentence says what is wrong and what to do, without a traceback."""

from __future__ import annotations

import json
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from events.jetstream.connection import Bus
from tests.chaos.process import Ended, Recado
from tests.nats_server import NatsServer, free_port

CAP_DAC_OVERRIDE = 1
PR_CAPBSET_DROP = 24

# Root may write anywhere, unless it gives that up: execve takes away what the bounding set has not (capabilities(7)).
WITHOUT_PRIVILEGE = (
    sys.executable,
    "-c",
    (
        f"import ctypes, os, sys; ctypes.CDLL(None).prctl({PR_CAPBSET_DROP}, {CAP_DAC_OVERRIDE}, 0, 0, 0); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    ),
)


@contextmanager
def server(folder: Path, config: str = "") -> Iterator[NatsServer]:
    """A nats-server with this in its configuration."""
    nats = NatsServer(folder, config=config)
    nats.start()
    try:
        yield nats
    finally:
        nats.kill()


def refused(ended: Ended, *words: str) -> None:
    """It ended with an error that has these words in it."""
    assert ended.code == 1, ended
    for word in words:
        assert word in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""


@pytest.mark.parametrize("command", [("serve",), ("say", "5511999999999", "hello"), ("verify",)])
async def test_no_server_is_there(tmp_path: Path, command: tuple[str, ...]) -> None:
    """NATS_URL names a port without a listener."""
    url = f"nats://127.0.0.1:{free_port()}"
    ended = await Recado(tmp_path, NATS_URL=url).run(*command)
    refused(ended, f"no NATS server answers at {url}", "NATS_URL")


async def test_another_program_is_there(tmp_path: Path) -> None:
    """Something listens and is no NATS server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"nats://127.0.0.1:{listener.getsockname()[1]}"
        ended = await Recado(tmp_path, NATS_URL=url).run("serve")
    refused(ended, f"no NATS server answers at {url}", "NATS_URL")


@pytest.mark.parametrize("command", [("serve",), ("say", "5511999999999", "hello")])
async def test_the_password_is_wrong(tmp_path: Path, command: tuple[str, ...]) -> None:
    """The server refuses the credentials: the message says so and does not repeat the password."""
    with server(tmp_path, 'authorization { user: recado, password: "right" }') as nats:
        url = nats.url.replace("://", "://recado:hunter-two@")
        ended = await Recado(tmp_path / "recado", NATS_URL=url).run(*command)
    refused(ended, f"the NATS server at {nats.url} refuses the connection", "NATS_CREDS")
    assert "hunter" not in ended.err


async def test_the_credentials_file_is_none(tmp_path: Path) -> None:
    """NATS_CREDS names a file with something else in it."""
    creds = tmp_path / "recado.creds"
    creds.write_text("hello")
    with server(tmp_path) as nats:
        ended = await Recado(tmp_path / "recado", NATS_URL=nats.url, NATS_CREDS=str(creds)).run("serve")
    refused(ended, "credentials", str(creds))


async def test_the_server_keeps_nothing(tmp_path: Path) -> None:
    """A nats-server without JetStream."""
    with server(tmp_path) as nats:
        config = tmp_path / "nats-server.conf"
        config.write_text(f"listen: 127.0.0.1:{nats.port}\n")
        nats.stop()
        nats.start()
        ended = await Recado(tmp_path / "recado", NATS_URL=nats.url).run("serve")
    refused(ended, "JetStream")


@pytest.mark.parametrize(
    "stream",
    [
        {"name": "EVENTS", "subjects": ["shop.events"], "storage": "file"},
        {"name": "TELEMETRY", "subjects": ["wa.>"], "storage": "file"},
    ],
)
async def test_the_subjects_belong_to_another_stream(tmp_path: Path, stream: dict[str, object]) -> None:
    """The bus has a stream of that name, or of those subjects, that is not recado's: it is left alone."""
    with server(tmp_path) as nats:
        bus = await Bus.open(nats.url)
        await bus.request(f"$JS.API.STREAM.CREATE.{stream['name']}", json.dumps(stream).encode())
        ended = await Recado(tmp_path / "recado", NATS_URL=nats.url).run("serve")
        left = await bus.jetstream().stream_info(str(stream["name"]))
        await bus.close()
    refused(ended, "the bus", "stream")
    assert left.config.subjects == stream["subjects"]


async def test_the_port_is_in_use(tmp_path: Path) -> None:
    """Another program listens on RECADO_PORT."""
    with server(tmp_path) as nats, socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        ended = await Recado(tmp_path / "recado", NATS_URL=nats.url, RECADO_PORT=port).run("serve")
    refused(ended, port, "RECADO_PORT")


@pytest.mark.parametrize("command", ["up", "serve"])
async def test_the_data_folder_is_a_file(tmp_path: Path, command: str) -> None:
    """RECADO_DATA names a file, or something below one."""
    file = tmp_path / "data"
    file.write_text("mine")
    for data in (file, file / "deeper"):
        url = f"nats://127.0.0.1:{free_port()}"
        ended = await Recado(tmp_path, NATS_URL=url, RECADO_DATA=str(data)).run(command)
        refused(ended, "RECADO_DATA", str(data))
    assert file.read_text() == "mine"


@pytest.mark.parametrize("command", ["up", "serve"])
async def test_the_data_folder_is_read_only(tmp_path: Path, command: str) -> None:
    """recado may read RECADO_DATA and not write to it."""
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(stat.S_IRUSR | stat.S_IXUSR)
    url = {} if command == "up" else {"NATS_URL": f"nats://127.0.0.1:{free_port()}"}
    ended = await Recado(tmp_path, RECADO_DATA=str(data), **url).run(command, through=WITHOUT_PRIVILEGE)
    refused(ended, "RECADO_DATA", str(data), "Permission denied")


async def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    """All faults are named at once, not one after the other."""
    ended = await Recado(tmp_path, RECADO_DEBOUNCE="soon", RECADO_PORT="http", OPENAI_API_MODE="chatt").run("serve")
    refused(ended, "RECADO_DEBOUNCE", "RECADO_PORT", "OPENAI_API_MODE", "did you mean chat?")
