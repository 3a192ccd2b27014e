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
    """The tables, folds and look-ups of the live file, in memory and independent of it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._projection = Projection(db, _NOWHERE)
        self.reads = ChatReads(self)

    @classmethod
    def empty(cls, stream: datetime) -> Self:
        """A projection of the log that was created at `stream`, without any event."""
        return cls(create_in_memory(stream))

    @property
    def checkpoint(self) -> int:
        """Sequence of the last event that it has."""
        return self._projection.checkpoint

    @property
    def delivered(self) -> int:
        """The checkpoint: events are folded before they are delivered."""
        return self.checkpoint

    async def reached(self, seq: int) -> None:
        """Return at once: events are folded before a reader asks for them."""

    def fold(self, events: Sequence[Recorded]) -> list[Recorded]:
        """Apply the events after the checkpoint; returns these, repeats of an id marked."""
        return self._projection.apply(events)

    def copy(self) -> Self:
        """An independent projection with the same content."""
        db = in_memory()
        self._projection.db.backup(db)
        return type(self)(db)

    def connection(self) -> sqlite3.Connection:
        return self._projection.db

    def close(self) -> None:
        """Drop everything."""
        self._projection.close()
