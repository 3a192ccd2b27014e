"""Files that replies send, read from the object stores piece by piece."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import NamedTuple, Protocol


class NotWhole(Exception):
    """Pieces of a file are missing, or are other bytes than were stored."""


class File(NamedTuple):
    """A stored file.

    - `size`: bytes.
    - `sha256`: of the whole file, in hexadecimal digits.
    - `pieces`: begins to read it. Raises LogUnavailable, and NotWhole at the latest after the last piece.
    """

    size: int
    sha256: str
    pieces: Callable[[], AsyncGenerator[bytes, None]]


class Files(Protocol):
    """The files that parts of replies name by their `object`."""

    async def find(self, object: str) -> File | None:  # noqa: A002 - the field's name
        """The file `LIBRARY/<sha256>` or `MEDIA/<name>`; None if it is not there (any more). Raises LogUnavailable."""


class NoFiles:
    """A store without files."""

    async def find(self, object: str) -> File | None:  # noqa: A002, ARG002 - the protocol's
        return None
