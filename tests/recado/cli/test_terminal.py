"""What a person sees in a terminal, and a program in a pipe does not."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.nats_server import free_port
from tests.recado.command import Command
from tests.recado.terminal import Terminal


@pytest.mark.slow("starts recado as a person does, and stops it")
async def test_up_prints_the_line_that_matters(tmp_path: Path) -> None:
    """The page's address alone; a backup says what it does and leaves no trace of that."""
    variables = {"OPENAI_API_MODE": "scripted", "RECADO_PORT": str(free_port())}
    with Terminal(tmp_path, "up", **variables) as up:
        up.until("recado is at http://127.0.0.1")
        with Terminal(tmp_path, "backup", "log.recado", **variables) as backup:
            assert backup.ended() == 0
        os.kill(up.process.pid, signal.SIGINT)
        up.ended()
    lines = [line for line in up.text.replace("^C", "").splitlines() if line.strip()]
    assert [line.partition(" http")[0] for line in lines] == ["recado is at"]
    assert "\r\x1b[KEVENTS: " in backup.text
    assert "\r\x1b[KSTREAM" in backup.text, "the line of the progress is gone"


async def test_in_a_pipe_up_logs_every_line(recado: Command) -> None:
    process = await recado.start("up", OPENAI_API_MODE="scripted", RECADO_PORT="0")
    assert process.stderr is not None
    assert b'"event":"embedded.started"' in await process.stderr.readline()
    process.kill()
    await process.communicate()
    if (pid := recado.home / "data" / "nats.pid").exists():
        os.kill(int(pid.read_text()), signal.SIGKILL)


@pytest.mark.parametrize("command", ["say 5511999990001", "send 5511999990001", "ask"])
async def test_a_text_without_quotes_is_explained(command: str, recado: Command) -> None:
    """Each of the words would be an argument."""
    done = await recado(*command.split(), "two", "words")
    assert done.code == 2
    assert 'put the text into quotes, as it is one argument: "two words"' in done.err


@pytest.mark.parametrize("command", ["up", "serve"])
async def test_the_module_of_tools_is_checked_with_the_settings(command: str, recado: Command) -> None:
    """A person who mends what was named finds no further fault at the next start."""
    done = await recado(command, RECADO_TOOLS="no_such_tools", RECADO_PORT="many", NATS_URL="nats://127.0.0.1:9")
    assert done.code == 1
    assert "RECADO_PORT" in done.err
    assert "RECADO_TOOLS: the module no_such_tools cannot be imported" in done.err


@pytest.mark.parametrize("since", ["30d", "2h", "2026-11-20", "2026-11-20T18:00"])
@pytest.mark.parametrize("command", ["usage", "whatif"])
async def test_both_take_a_length_of_time_and_a_time(command: str, since: str, recado: Command) -> None:
    done = await recado(command, "--since", since)
    assert "--since" not in done.err
    assert done.code == 1, "it is the data that is missing"
