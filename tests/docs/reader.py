"""A person who reads one page: a fresh folder that looks like a clone after `make install`, and a fresh shell in it.

The reader comes from the README: `.env` names a model (a double of OpenAI's), recado runs, and 5511999999999 has
written once. Nothing of recado is in the shell's environment or on its PATH. The ports 8088 and 8000 of the pages are
others here, because several readers read at the same time. A command that goes on until Ctrl-C has a terminal of its
own until the page ends, and `recado up` takes the place of the recado that ran before.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests import forked
from tests.docs.pages import ROOT, Block, Command, commands_of
from tests.doubles.openai_server import API_KEY
from tests.nats_server import free_port

_FORKED = Path(__file__).with_name("forked_command.py")
_VENV = Path(sys.prefix)
_COPIED = ("examples", "deploy")
_LINKED = ("Makefile", "pyproject.toml", "requirements", "docs", "tests")
_WITHIN = 150
"""Seconds for a page."""

_FUNCTIONS = r"""
set -umo pipefail
failed() { echo "--- $1" >&2; exit 1; }
locked() {
    [ -e ~/data/lock ] && ! ~/.venv/bin/python -IS -c "import fcntl; \
fcntl.flock(open('$HOME/data/lock'), fcntl.LOCK_EX | fcntl.LOCK_NB)" 2>/dev/null
}
recado=
stop() {  # the shell of the job ends before recado does
    [ "$recado" ] || return 0
    kill -TERM -- "-$recado" 2>/dev/null; wait "$recado"
    while locked; do sleep 0.05; done
}
ready() {
    until curl -fs "http://127.0.0.1:PORT/readyz" >/dev/null; do
        kill -0 "$recado" 2>/dev/null || failed "recado did not start: $(tail -c 3000 up.log)"
        sleep 0.05
    done
}
followers=
follow() {  # its first words show that it runs; nothing has to happen that `recado events` tells
    { bash -uc "$1" >"follow.$2" 2>&1; } & followers="$followers $!"
    local steps=1200
    [ "${1#recado events}" = "$1" ] || steps=40
    while [ ! -s "follow.$2" ] && [ $((steps -= 1)) -gt 0 ]; do
        kill -0 $! 2>/dev/null || failed "$1 ended by itself: $(cat "follow.$2")"
        sleep 0.05
    done
}
interrupt() {
    for one in $followers; do
        kill -INT -- "-$one"; wait "$one"; code=$?
        [ $code = 130 ] || failed "Ctrl-C should end it with 130, and ended it with $code: $(cat follow.*)"
    done
    followers=
}
end() {
    for one in $followers; do kill -KILL -- "-$one"; done
    stop
}
trap end EXIT
"""


class Reader:
    """A reader in `folder`; `model` is the address of the model."""

    def __init__(self, folder: Path, model: str) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._ports = {"8088": str(free_port()), "8000": str(free_port())}
        for name in _LINKED:
            (folder / name).symlink_to(ROOT / name)
        for name in _COPIED:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        (folder / ".env").write_text(
            f"OPENAI_API_KEY={API_KEY}\nOPENAI_BASE_URL={model}\nRECADO_DEBOUNCE=0.05\nRECADO_PORT={self._ports['8088']}\n"
        )
        self._install()

    def _install(self) -> None:
        """`.venv` as `make install` leaves it; its `recado` is forked, which saves a second of CPU for each command."""
        venv = self._folder / ".venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "lib").symlink_to(_VENV / "lib")
        shutil.copy(_VENV / "pyvenv.cfg", venv)
        for name in ("python", "python3"):
            (venv / "bin" / name).symlink_to(_VENV / "bin" / name)
        (venv / "bin" / "activate").write_text((_VENV / "bin" / "activate").read_text().replace(str(_VENV), str(venv)))
        command = venv / "bin" / "recado"
        command.write_text(
            # A module that PYTHONPATH leads to is found by a process that starts with it.
            f'#!/bin/sh\n[ -z "$PYTHONPATH" ] || exec {forked.RECADO} "$@"\nexec {sys.executable} -IS {_FORKED} "$@"\n'
        )
        command.chmod(0o700)
        (venv / ".installed").touch()

    def reads(self, blocks: Iterable[Block], left_out: Iterable[str]) -> None:
        """Type the page's commands as they are written, in order, but for those left out. Fails on another exit status
        than the page states, a command that is not there, and a variable that is not set."""
        script: list[str] = []
        for block in blocks:
            if block.language == "ini" and "…" not in block.text:
                written = shlex.quote(block.text)
                script += [f"stop; printf %s {written} >> .env", *self._starts(".venv/bin/recado up")]
            if block.language == "console":
                script += self._typed(command for command in commands_of(block) if command.typed not in left_out)
        wrote = ".venv/bin/recado say 5511999999999 'What can you do?'"
        if script[0].startswith("stop"):  # the page itself starts recado first
            script.insert(script.index("ready") + 1, wrote)
        else:
            script = [*self._starts(".venv/bin/recado up"), wrote, *script]
        self._run("\n".join([_FUNCTIONS.replace("PORT", self._ports["8088"]), *script, "interrupt"]))

    def types(self, text: str) -> None:
        """Type the lines of a `console` block while no recado runs. Fails as `reads` does."""
        self._run("\n".join([_FUNCTIONS, "trap - EXIT", *self._typed(commands_of(Block("console", text)))]))

    @staticmethod
    def _starts(typed: str) -> list[str]:
        return [f"{{ {typed}\n}} >>up.log 2>&1 & recado=$!", "ready"]

    def _typed(self, commands: Iterable[Command]) -> Iterator[str]:
        for line, status, follows in commands:
            typed = re.sub(r"\b(8088|8000)\b", lambda port: self._ports[port[0]], line)
            said = shlex.quote(f"{line}\nshould end with {status}, and ended with ")
            if Command(line).runs:
                yield from ["stop", *self._starts(typed)]
            elif follows:
                yield f"follow {shlex.quote(typed)} {next(self._numbers)}"
            else:
                yield f'{typed}\ncode=$?; [ "$code" = {status} ] || failed {said}"$code"'

    def _run(self, script: str) -> None:
        line = forked.line("").fileno()
        path = [folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder) != _VENV / "bin"]
        said = self._folder / "said"
        with said.open("wb") as output:
            shell = subprocess.Popen(
                ["bash", "-c", script],
                cwd=self._folder,
                env={"HOME": str(self._folder), "PATH": os.pathsep.join(path), "PYTHONPATH": "", "FORKING": str(line)},
                pass_fds=[line],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
            try:
                shell.wait(_WITHIN)
            except subprocess.TimeoutExpired:
                subprocess.run(["pkill", "-TERM", "-s", str(shell.pid)], check=False)
                shell.wait(30)
        assert shell.returncode == 0, said.read_text(errors="replace")[-6000:]
