"""Files of the projection: the pointer to the live one, and the locks for writing and rebuilding.

A file is `projection-<n>.db` in the data folder; the file `projection` names the live one and is replaced in one step.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from events.private_file import open_private, replace_private

POINTER = "projection"
_FILE = re.compile(r"projection-([0-9]+)\.db")
_BUILDING = ".building"


class RebuildRunning(Exception):
    """Another rebuild of the projection in `directory` is running."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"the projection in {directory} is being rebuilt already: wait until that is done")
        self.directory = directory


class AlreadyFollowed(Exception):
    """Another runner keeps the projection in `directory`."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"another recado keeps the projection in {directory}: stop it, or set another RECADO_DATA")
        self.directory = directory


def live(directory: Path) -> Path | None:
    """The live file that the pointer names; None if there is no pointer, or none with a file's name in it."""
    try:
        name = (directory / POINTER).read_text().strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return directory / name if _FILE.fullmatch(name) else None


def pointer_stamp(directory: Path) -> tuple[int, int]:
    """Changes each time the pointer does; costs one `stat`."""
    try:
        status = (directory / POINTER).stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_ino, status.st_mtime_ns)


def inode(path: Path) -> int:
    """The number of the file that has this name now; 0 if there is none. The number of a deleted file is free again
    once no process has it open."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def place_to_build(directory: Path) -> Path:
    """The path under which the next file grows. Call it under `rebuilding`.

    Its number is above that of every file, of the pointer's file even if that is deleted, and of the side files of a
    deleted file, which SQLite would take for the new file's.
    """
    pointed = live(directory)
    names = [path.name for path in directory.iterdir()] + ([pointed.name] if pointed is not None else [])
    numbers = [int(match[1]) for name in names if (match := _FILE.match(name))]
    return directory / f"projection-{max(numbers, default=0) + 1}.db{_BUILDING}"


def make_live(built: Path) -> Path:
    """Give a complete, closed file its name, and point at it. Both steps survive a power cut, in this order."""
    path = built.with_name(built.name.removesuffix(_BUILDING))
    _sync(built)
    built.rename(path)
    pointer = path.with_name(POINTER)
    replace_private(pointer, f"{path.name}\n".encode())
    _sync(path.parent)
    return path


def remove_unfinished(directory: Path) -> None:
    """Remove the files of interrupted rebuilds. Call it under `rebuilding`."""
    for path in directory.glob(f"projection-*.db{_BUILDING}"):
        remove(path)


def remove_superseded(directory: Path, keep: Path | None = None) -> None:
    """Remove every file but the live one and `keep`. Call it under `writing`, whose holder knows which file it
    reads."""
    kept = {live(directory), keep}
    for path in directory.iterdir():
        if _FILE.fullmatch(path.name) and path not in kept:
            remove(path)


def remove(path: Path) -> None:
    """Remove a file and SQLite's side files. A process that has it open can go on reading it."""
    for each in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        with suppress(FileNotFoundError):
            each.unlink()


@contextmanager
def rebuilding(directory: Path) -> Iterator[None]:
    """One rebuild at a time, in any process. Raises RebuildRunning."""
    with _locked(directory / "projection.rebuild.lock") as held:
        if not held:
            raise RebuildRunning(directory)
        yield


@contextmanager
def writing(directory: Path) -> Iterator[None]:
    """One writer of the live file. Raises AlreadyFollowed."""
    with _locked(directory / "projection.write.lock") as held:
        if not held:
            raise AlreadyFollowed(directory)
        yield


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    with os.fdopen(open_private(path), "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
