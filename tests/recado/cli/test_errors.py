"""A fault outside of recado is reported in one line that says what to do."""

from pathlib import Path

import click
import nats.errors
import pytest
from click.testing import CliRunner

from recado.cli import Commands, main
from tests.nats_server import NatsServer, free_port
from tests.recado.command import Command

EVERY_COMMAND_THAT_NEEDS_THE_BUS = [
    ("say", "5511999990001", "hello"),
    ("events",),
    ("pause", "5511999990001"),
    ("replay",),
    ("verify",),
    ("gateway", "terminal", "5511999990001"),
]


@pytest.mark.parametrize("command", EVERY_COMMAND_THAT_NEEDS_THE_BUS, ids=" ".join)
async def test_commands_say_how_to_start_recado(recado: Command, command: tuple[str, ...]) -> None:
    """They name the folder that they looked in."""
    done = await recado(*command)
    assert (done.code, done.out) == (1, "")
    assert done.err.strip().splitlines() == [
        f"Error: recado is not running on {recado.home / 'data'}: start it with `recado up`, or set NATS_URL"
    ]


@pytest.mark.parametrize("command", ["chats", "threads", "why x", "history 5511999990001"])
async def test_without_a_projection_reading_says_how_to_get_one(recado: Command, command: str) -> None:
    """The commands that read need no bus."""
    done = await recado(*command.split())
    assert (done.code, done.out) == (1, "")
    assert "there is no projection to read" in done.err
    assert "recado replay" in done.err
    assert "Traceback" not in done.err


async def test_a_bus_that_is_not_there_is_named(recado: Command) -> None:
    """With what to do about it, and without the password."""
    port = free_port()
    done = await recado("events", NATS_URL=f"nats://bot:hunter2@127.0.0.1:{port}")
    assert done.code == 1
    assert f"no NATS server answers at nats://127.0.0.1:{port}" in done.err
    assert "hunter2" not in done.err
    assert "Traceback" not in done.err


async def test_a_bus_that_refuses_is_told(recado: Command, tmp_path: Path) -> None:
    """Wrong credentials are another matter than no server."""
    server = NatsServer(tmp_path, config="authorization { token: right }")
    server.start()
    try:
        done = await recado("events", NATS_URL=f"nats://wrong@127.0.0.1:{server.port}")
    finally:
        server.kill()
    assert done.code == 1
    assert "refuses the connection" in done.err
    assert "wrong" not in done.err


async def test_wrong_settings_are_told_all_at_once(recado: Command) -> None:
    """A line each."""
    done = await recado("chats", RECADO_PORT="x", OPENAI_API_MODE="assistant")
    assert done.code == 1
    assert len(done.err.splitlines()) == 3
    assert "did you mean assistants?" in done.err


async def test_an_unknown_setting_is_a_warning(recado: Command) -> None:
    """It is logged on stderr, and the command goes on."""
    done = await recado("ask", "hello", OPENAI_API_MODE="scripted", RECADO_PRT="1")
    assert (done.code, done.out) == (0, "echo: hello\n")
    assert "did you mean RECADO_PORT?" in done.err


@pytest.mark.parametrize("chat", ["nobody", "@s.whatsapp.net", "1@broadcast", "55@s.whatsapp.net@x", "12", ""])
async def test_a_malformed_chat_is_a_usage_error(recado: Command, chat: str) -> None:
    """The error is printed before anything is stored."""
    done = await recado("say", chat, "hello")
    assert (done.code, done.out) == (2, "")
    assert "is not the JID of a chat" in done.err


@pytest.mark.parametrize("until", ["tomorrow", "0", "9999999d", "2020-01-01"])
async def test_a_wrong_time_is_a_usage_error(on_bus: Command, until: str) -> None:
    """A pause that is over already is refused as well: it cannot be meant."""
    done = await on_bus("pause", "5511999990001", "--until", until)
    assert done.code == 2
    assert "nor a time" in done.err or "over already" in done.err


async def test_an_unwritable_folder_is_told(recado: Command) -> None:
    """The system's error, and its file."""
    (recado.home / "data").symlink_to("/proc/nowhere")
    done = await recado("replay", NATS_URL="nats://127.0.0.1:1")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1


async def test_a_traceback_is_shown_on_request(recado: Command) -> None:
    """`--verbose` hides nothing."""
    done = await recado("-v", "events")
    assert done.code == 1
    assert "Traceback" in done.err
    assert "NotRunning" in done.err


async def test_serve_wants_a_bus(recado: Command) -> None:
    """An instance of many has to be told where the others are."""
    done = await recado("serve")
    assert done.code == 1
    assert "NATS_URL is not set" in done.err


@pytest.mark.parametrize(
    "command",
    [
        ("say", "5511999990001", "\udcff"),
        ("say", "5511999990001", "hello", "--id", "\udcff"),
        ("say", "5511999990001\udcff", "hello"),
        ("say", "5511999990001", "hello", "--account", "\udcff"),
        ("ask", "\udcff"),
        ("send", "5511999990001", "\udcff"),
        ("why", "\udcff"),
        ("gateway", "terminal", "5511999990001", "--name", "\udcff"),
    ],
    ids=ascii,
)
async def test_bytes_that_are_no_text(recado: Command, command: tuple[str, ...]) -> None:
    """Given bytes that are not UTF-8 on the command line, then the error names them, and nothing is begun."""
    done = await recado(*command)
    assert (done.code, done.out) == (2, "")
    assert "Error: Invalid value for" in done.err
    assert "\\udcff" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("size", [0, 257])
async def test_an_unreadable_id(recado: Command, size: int) -> None:
    """Given an id that the log cannot take, then the error says how long it may be."""
    done = await recado("say", "5511999990001", "hello", "--id", "x" * size)
    assert (done.code, done.out) == (2, "")
    assert f"it has {size} characters, give 1 to 256" in done.err


async def test_a_linked_device_without_its_extra_says_what_to_install(recado: Command, tmp_path: Path) -> None:
    """In one line; nothing else of recado needs neonize."""
    hidden = tmp_path / "hidden" / "neonize"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'neonize'\")\n")
    done = await recado("gateway", "device", PYTHONPATH=str(hidden.parent))
    assert (done.code, done.out) == (1, "")
    (line,) = done.err.strip().splitlines()
    assert line.startswith("Error: recado gateway device needs neonize==")
    assert "the extra recado[device]" in line


def test_a_fault_of_the_connection_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it comes up: the words of the client's library alone say nothing of what to do."""

    def closed() -> None:
        raise nats.errors.ConnectionClosedError

    monkeypatch.setattr(Commands, "get_command", lambda *_: click.Command("chats", callback=closed))
    result = CliRunner().invoke(main, ["chats"])
    assert result.exit_code == 1
    assert "Error: the connection to the bus failed (nats: connection closed)" in result.output
