"""`recado --help` is there at once, and complete."""

import subprocess
import sys
from importlib import import_module

import click
import pytest

from recado.cli import SECTIONS, main
from tests.recado.command import Command

COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


async def test_help_lists_every_command_in_its_group(recado: Command) -> None:
    """A newcomer sees all commands, grouped by their use."""
    done = await recado("--help")
    assert done.code == 0
    for section, commands in SECTIONS.items():
        _, _, after = done.out.partition(f"\n{section}:\n")
        listed = [line.split()[0] for line in after.split("\n\n")[0].splitlines()]
        assert listed == list(commands)


def test_help_loads_nothing_heavy() -> None:
    """Half a second for a list of commands would be felt every time."""
    code = (
        "import sys, recado.cli; recado.cli.main(['--help'], standalone_mode=False);"
        "print(','.join({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stderr.strip().split(","))
    assert "click" in loaded
    assert not loaded & {"openai", "nats", "starlette", "uvicorn", "aiohttp", "msgspec", "structlog", "asyncio"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_where_it_is_said_to_be(name: str) -> None:
    """A command's module has it under its name, and it explains itself."""
    command = getattr(import_module(f"recado.cli.{COMMANDS[name].module}"), name.replace("-", "_"))
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help


async def test_a_slip_of_the_pen_is_answered_with_what_was_meant(recado: Command) -> None:
    """A wrong command is a usage error, as everywhere."""
    done = await recado("histroy")
    assert done.code == 2
    assert "Did you mean 'history'?" in done.err


async def test_the_version_is_told(recado: Command) -> None:
    """As the package says it."""
    done = await recado("--version")
    assert (done.code, done.out.split()[0]) == (0, "recado")


def test_windows_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a module is imported that is not there."""
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(click.ClickException, match="runs on Linux and macOS, not on Windows itself: install it in WSL"):
        main(["up"], standalone_mode=False)
