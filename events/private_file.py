"""Files that this user alone may read, opened and replaced without following a link that another user may have put
there."""

from __future__ import annotations

import os
from pathlib import Path


def open_private(path: Path) -> int:
    """A descriptor to read and write `path`, which is made if it is missing. OSError, with ELOOP where it is a link."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def create_private(path: Path) -> int:
    """A descriptor to write `path`, a new file in the place of what was there. Raises OSError."""
    path.unlink(missing_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def replace_private(path: Path, body: bytes) -> None:
    """Make `body` the content of `path` and sync it, at once or not at all. Raises OSError."""
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(create_private(fresh), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
