"""Processes of recado that begin with its modules imported: forked off a process that has done nothing else.

Each is a process like any other, with a pid, an environment and signals of its own; it only lacks the second or two of
CPU that importing takes, which is most of what a short command costs. `python -P forked.py FD` is the process that
forks. It never imports what brings threads of its own: neonize, the local model.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import IO

RECADO = Path(sysconfig.get_path("scripts")) / "recado"
_OF_THE_INTERPRETER = ("PYTHON", "LC_", "LD_")
"""What begins so has its effect when Python starts: such a process is started, not forked."""


class Forked:
    """As much of `subprocess.Popen` as tests use."""

    def __init__(self, pid: int, ended: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = ended
        # A test that failed may have left the process: the warning of an open line would fail another test.
        weakref.finalize(self, ended.close)

    def poll(self) -> int | None:
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Raises TimeoutExpired."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(RECADO), timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL, and wait for the end: until then the line on which it is told is open."""
        self.send_signal(signal.SIGKILL)
        self.wait()

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._ended], [], [], timeout)[0]:
            told = self._ended.recv(4)
            assert told, "the process that forks has ended"
            self.returncode = int.from_bytes(told, signed=True)
            self._ended.close()
        return self.returncode


def start(
    args: tuple[str, ...], *, env: Mapping[str, str], cwd: Path, stdout: IO[bytes], stderr: IO[bytes]
) -> Forked | subprocess.Popen[bytes]:
    """`recado` with these arguments, and nothing on its stdin. Outside of a test, where a benchmark measures, it is
    started as a person starts it."""
    version = env.get("PYTHONPATH", "")
    is_installed_or_another = not version or (Path(version) / "recado").is_dir()
    told = [name for name in env if name.startswith(_OF_THE_INTERPRETER) and name != "PYTHONPATH"]
    if told or not is_installed_or_another or "PYTEST_VERSION" not in os.environ:
        return subprocess.Popen(
            [RECADO, *args], env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr
        )
    ours, theirs = socket.socketpair()
    try:
        with tempfile.TemporaryFile() as request, Path(os.devnull).open("rb") as nothing, theirs:
            request.write(json.dumps({"args": args, "env": dict(env), "cwd": str(cwd)}).encode())
            request.seek(0)
            files = (request, nothing, stdout, stderr, theirs)
            socket.send_fds(line(version), [b"!"], [file.fileno() for file in files])
        return Forked(int.from_bytes(ours.recv(4)), ours)
    except BaseException:
        ours.close()
        raise


@functools.cache
def line(version: str) -> socket.socket:
    """The line to the process that forks, started when it is first needed; it ends with the process that needs it.
    `version` is the folder of another version's source; empty: of the installed one."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", __file__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={name: value for name, value in os.environ.items() if name in ("PATH", "SSL_CERT_FILE")}
            | ({"PYTHONPATH": version} if version else {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _fork_on_request(line: socket.socket) -> dict[str, object]:
    """Return in each child, with what it was asked for; in the parent, never. Who asks is told the pid, and then the
    exit status, of four bytes each."""
    awake, waker = socket.socketpair()
    for end in (awake, waker):
        end.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    told: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([line, awake], [], [])
        if awake in ready:
            awake.recv(4096)
            with contextlib.suppress(ChildProcessError):
                while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                    with told.pop(ended[0]) as asker, contextlib.suppress(BrokenPipeError):
                        asker.send(os.waitstatus_to_exitcode(ended[1]).to_bytes(4, signed=True))
        if line in ready:
            message, fds, _, _ = socket.recv_fds(line, 1, 5)
            if not message:
                os._exit(0)
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for end in (line, awake, waker, *told.values()):
                    end.close()
                for number, fd in enumerate(fds[1:4]):
                    os.dup2(fd, number)
                with os.fdopen(fds[0], "rb") as request:
                    asked: dict[str, object] = json.load(request)
                for fd in fds[1:]:
                    os.close(fd)
                return asked
            for fd in fds[:4]:
                os.close(fd)
            told[pid] = socket.socket(fileno=fds[4])
            told[pid].send(pid.to_bytes(4))


def _import() -> None:
    for package in ("recado.cli", "recado.doctor", "recado.whatif"):
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)
    for name in ("instance", "cloud_gateway", "model"):
        importlib.import_module(f"recado.wiring.{name}")
    assert threading.active_count() == 1
    assert not {"neonize", "xllamacpp"} & sys.modules.keys()
    gc.collect()
    gc.freeze()


def _be(asked: dict[str, object]) -> None:
    """Be the process that was asked for, to its end."""
    os.chdir(asked["cwd"])  # type: ignore[arg-type]
    os.environ.clear()
    os.environ.update(asked["env"])  # type: ignore[arg-type]
    time.tzset()
    sys.argv = [str(RECADO), *asked["args"]]  # type: ignore[misc]
    from recado.cli import main

    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, int):
            _leave(end.code)
        raise


def _leave(code: int) -> None:
    """End as Python does, but leave the modules as they are: to take them apart copies 50 MB that were shared so far,
    and most of what a short command costs is that. What cannot be flushed is left to Python, which tells of it."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as the end of every process does
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _import()
    _be(_fork_on_request(socket.socket(fileno=int(sys.argv[1]))))
