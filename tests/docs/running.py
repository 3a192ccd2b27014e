"""A running recado, and a shell in which one types."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from tests import forked
from tests.nats_server import free_port

FORKED = Path(__file__).with_name("forked_command.py")
READY_WITHIN = 30.0


class Running:
    """`recado up` in `folder`, answering by script."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.env = {
            "HOME": str(folder),
            "PATH": os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ["PATH"]]),
            "OPENAI_API_MODE": "scripted",
            "RECADO_DEBOUNCE": "0.05",
            "RECADO_PORT": str(self.port),
        }

        self._commands = folder / "commands"
        self._commands.mkdir()
        command = self._commands / "recado"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {FORKED} "$@"\n')
        command.chmod(0o700)

    def __enter__(self) -> Self:
        self.output = (self.folder / "recado.log").open("ab")
        self.process = subprocess.Popen(
            ["recado", "up"], cwd=self.folder, env=self.env, stdout=self.output, stderr=self.output
        )
        deadline = time.monotonic() + READY_WITHIN
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"recado did not start:\n{(self.folder / 'recado.log').read_text()[-3000:]}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(READY_WITHIN)
        self.output.close()

    def type(self, lines: str) -> str:
        """Run `lines` in a shell that stops at the first failure; what they printed. Its `recado` is forked."""
        line = forked.line("").fileno()
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines],
            cwd=self.folder,
            env={**self.env, "PATH": f"{self._commands}{os.pathsep}{self.env['PATH']}", "FORKING": str(line)},
            pass_fds=[line],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{lines}\nended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False
