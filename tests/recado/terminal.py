"""`recado` in a terminal: a pseudo-terminal of 80 columns, whose whole output is kept."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import time
from pathlib import Path
from typing import Self

from tests.forked import RECADO

WITHIN = 60.0


class Terminal:
    """A command that runs there."""

    def __init__(self, home: Path, *args: str, **variables: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.set_blocking(self._ours, False)
        env = {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "xterm", "NO_COLOR": "1", **variables}
        self.process = subprocess.Popen([RECADO, *args], cwd=home, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.text = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def until(self, words: str) -> None:
        """Return once these words are on the screen."""
        self._read(lambda: words in self.text, words)

    def ended(self) -> int:
        """The exit status, once it has ended and all is read."""
        self._read(lambda: self.process.poll() is not None, "the end")
        self._take()
        return self.process.wait()

    def _read(self, condition: object, what: str) -> None:
        deadline = time.monotonic() + WITHIN
        while not condition():  # type: ignore[operator]
            assert time.monotonic() < deadline, f"no {what} in:\n{self.text}"
            self._take()
            time.sleep(0.02)

    def _take(self) -> None:
        try:
            while data := os.read(self._ours, 65536):
                self.text += data.decode(errors="replace")
        except (BlockingIOError, OSError):  # nothing yet; Linux says EIO after the end
            return
