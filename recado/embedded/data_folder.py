"""RECADO_DATA: the data folder, which one process at a time holds, and the instance's name in it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

from events.numbers import whole_number
from events.private_file import open_private, replace_private
from recado.private_data import close_to_others


class DataHeld(Exception):
    """Another process holds the data folder `path`; `pid` is its process id, None if that is not known."""

    def __init__(self, path: Path, pid: int | None) -> None:
        who = f"process {pid}" if pid is not None else "another process"
        super().__init__(
            f"the data folder {path} is held by {who}: recado runs already. "
            "Stop it first, or give this one a folder of its own (RECADO_DATA)"
        )
        self.path = path
        self.pid = pid


class DataUnusable(Exception):
    """The data folder `path` cannot be used; `reason` is the system's message."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"the data folder {path} cannot be used: {reason}. "
            "Set RECADO_DATA to a folder on this machine that recado may write to"
        )
        self.path = path
        self.reason = reason


class DataFolder:
    """A data folder while this process holds it; made by `hold`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    @contextlib.contextmanager
    def hold(cls, path: Path) -> Iterator[DataFolder]:
        """Make the folder if it is missing, hold it, and close its contents to other users.

        The lock is the kernel's (flock), so it ends with the process in every case. Raises DataHeld, DataUnusable.
        """
        path = path.absolute()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = open_private(path / "lock")
        except OSError as error:
            raise DataUnusable(path, _reason(error)) from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataHeld(path, _number(os.pread(lock, 32, 0))) from None
            try:
                os.ftruncate(lock, 0)
                os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            except OSError as error:
                raise DataUnusable(path, _reason(error)) from error
            close_to_others(path)
            yield cls(path)
        finally:
            os.close(lock)

    @property
    def instance_name(self) -> str:
        """The name of this folder's instance: made up at the first start, and kept."""
        file = self.path / "instance"
        try:
            name = file.read_text().strip()
        except FileNotFoundError:
            name = ""
        except OSError as error:
            raise DataUnusable(self.path, _reason(error)) from error
        if not name:
            name = token_hex(4)
            write_private(file, name + "\n")
        return name


def write_private(file: Path, text: str) -> None:
    """Replace `file` atomically with one that only this user can read. Raises DataUnusable."""
    try:
        replace_private(file, text.encode())
    except OSError as error:
        raise DataUnusable(file.parent, _reason(error)) from error


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOLCK:
        return "its file system has no locks"
    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ELOOP:
        return f"it has a link that recado does not follow{where}: remove the link"
    return f"{error.strerror or error}{where}"


def _number(text: bytes) -> int | None:
    return whole_number(text.decode(errors="replace").strip())
