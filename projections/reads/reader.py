"""Read-only connections to the live file, one for each thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pysqlite3 import dbapi2 as sqlite3

from projections import files
from projections.database import VERSION, Damaged, meta_of, open_to_read


class ProjectionMissing(Exception):
    """There is no projection in `directory` that this recado can read."""

    def __init__(self, directory: Path, reason: str) -> None:
        super().__init__(
            f"there is no projection to read in {directory} ({reason}): start recado, or run `recado replay`"
        )
        self.directory = directory


class Connections(Protocol):
    """A source of connections for single statements."""

    def connection(self) -> sqlite3.Connection:
        """A connection for one statement that is read to its end."""


class Reader:
    """Gives connections, and changes to another file when the live one changes. Safe from several threads."""

    def __init__(self, directory: Path, locate: Callable[[], Path | None] | None = None) -> None:
        """`locate` gives the file to read (a Runner's `path`); without it the pointer in `directory` does.

        Another Path object is another file even if it is equal: a new file may have the name of a deleted one.
        """
        self._directory = directory
        self._locate = locate or self._live
        self._local = threading.local()
        self._live_path: tuple[tuple[int, int], Path | None] = ((0, 0), None)

    def connection(self) -> sqlite3.Connection:
        """The calling thread's connection, for one statement that is read to its end. Raises ProjectionMissing."""
        path = self._locate()
        if path is None:
            raise ProjectionMissing(self._directory, "none was built yet")
        if getattr(self._local, "path", None) is not path:
            self._open(path)
        connection: sqlite3.Connection = self._local.connection
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection on which several statements see the same events. Leave it soon: it holds up SQLite's write-ahead
        log."""
        connection = self.connection()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close this thread's connection."""
        if getattr(self._local, "path", None) is not None:
            self._local.connection.close()
            self._local.path = None

    def _open(self, path: Path) -> None:
        try:
            connection = open_to_read(path)
            meta = meta_of(connection, path)
        except (sqlite3.OperationalError, Damaged) as error:
            raise ProjectionMissing(self._directory, str(error)) from error
        if meta.version != VERSION:
            connection.close()
            raise ProjectionMissing(self._directory, f"{path.name} has version {meta.version}, not {VERSION}")
        self.close()
        self._local.connection, self._local.path = connection, path

    def _live(self) -> Path | None:
        stamp = files.pointer_stamp(self._directory)
        if stamp != self._live_path[0]:
            self._live_path = (stamp, files.live(self._directory))
        return self._live_path[1]
