"""Takes the rights of other users from what recado has in RECADO_DATA, also where it was there before."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import structlog

OWN = (
    *("lock", "instance", "instance.new", "profile-waits.json", "profile-waits.json.new"),
    *("knowledge.db", "knowledge.db-*", "uploads-*.json", "uploads-*.json.new"),
    *("nats", "nats.*", "nats-server.log*"),
    *("projection", "projection.*", "projection-*.db*"),
    *(f"{work}-*.{end}" for work in ("gateway", "media") for end in ("json", "json.new", "lock")),
    *("device-*.db*", "local-model.*", "names*.bin", "names*.bin.new"),
    *("page-sessions.json", "page-sessions.json.new"),
)
"""Every name that recado writes in RECADO_DATA, which may be a folder with other things in it."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO

log = structlog.get_logger("recado")


def close_to_others(data: Path) -> None:
    """Leave only this user any right to recado's files and folders in `data`, which is not changed itself. Follows no
    link. A file that cannot be changed is logged.

    Not while this process has a projection open: SQLite loses its locks if the file is opened and closed beside it.
    """
    closed, left = 0, []
    for name, within in _own(data):
        try:
            closed += _closed(name, within)
        except OSError as error:
            left.append(f"{name}: {error.strerror}")
    if closed:
        log.warning("closed_to_others", folder=str(data), files=closed, reason="other users had rights to them")
    if left:
        help_ = "give these files to the user that recado runs as"
        log.error("open_to_others", folder=str(data), files=left[:5], count=len(left), help=help_)


def _own(data: Path) -> Iterator[tuple[str, int]]:
    """Each name with a descriptor of its folder; a folder comes before its contents."""
    if not data.is_dir():
        return
    for number, (_, folders, files, within) in enumerate(os.fwalk(data)):
        if number == 0:
            # The contents of recado's folders are recado's. Other folders are not searched.
            folders[:] = filter(_is_own, folders)
        for name in (*folders, *(files if number else filter(_is_own, files))):
            yield name, within


def _is_own(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in OWN)


def _closed(name: str, within: int) -> bool:
    """True if others had rights, which are gone now. Raises OSError."""
    try:
        mode = os.stat(name, dir_fd=within, follow_symlinks=False).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or not mode & _OTHERS:
            return False
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=within)
    except FileNotFoundError:
        return False
    try:
        os.fchmod(opened, stat.S_IMODE(mode) & ~_OTHERS)
    finally:
        os.close(opened)
    return True
