"""A projection in memory, folded from the log up to any event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

from pysqlite3 import dbapi2 as sqlite3

from events.recorded import Recorded
from projections.database import create_in_memory, in_memory
from projections.projection import Projection
from projections.reads.actor_reads import ChatReads

_NOWHERE = Path(":memory:")


class InMemoryProjection:
    """The same tables, folds and look-ups as those of the live file, which it knows nothing of."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._projection = Projection(db, _NOWHERE)
        self.reads = ChatReads(self)

    @classmethod
    def empty(cls, stream: datetime) -> Self:
        """Nothing is known yet of the log that was created at `stream`."""
        return cls(create_in_memory(stream))

    @property
    def checkpoint(self) -> int:
        """Sequence of the last event that it has."""
        return self._projection.checkpoint

    @property
    def told(self) -> int:
        """The same: what is to be known is folded before anybody is told of it."""
        return self.checkpoint

    async def reached(self, seq: int) -> None:
        """Return at once: what is to be known is folded before it is asked for."""

    def fold(self, events: Sequence[Recorded]) -> list[Recorded]:
        """Take in those of `events` that lie behind the checkpoint; returns these, repeats of an id marked."""
        return self._projection.apply(events)

    def copy(self) -> Self:
        """Another one, that knows the same and goes on by itself."""
        db = in_memory()
        self._projection.db.backup(db)
        return type(self)(db)

    def connection(self) -> sqlite3.Connection:
        return self._projection.db

    def close(self) -> None:
        """Forget everything."""
        self._projection.close()
