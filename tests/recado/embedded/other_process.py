"""Another recado on the same data folder, as a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


class OtherProcess:
    """Runs the embedded server; `server_pid` is that server's, `pid` its parent's."""

    def __init__(self, data: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.recado.embedded.embedded_process", data],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip().isdigit():
                self.server_pid = int(line)
                return
        raise AssertionError(f"it ended with code {self._process.wait()} before its server took connections")

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal, wait until it is gone; its exit code."""
        self._process.send_signal(number)
        code = self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code


def runs(pid: int) -> bool:
    """Whether a process with this id is there (and is not merely waiting to be reaped)."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
