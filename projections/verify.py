"""Whether the live file is what the log makes of it: a rebuild beside it, compared row by row."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import closing
from pathlib import Path

import msgspec

from events.log import EventLog
from projections import files
from projections.content import TABLES, TableReport, compare
from projections.database import meta_of
from projections.projection import Projection
from projections.reader import ProjectionMissing, Reader
from projections.rebuild import Progress, grow, unusable


class VerifyReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` found: the live file, the checkpoint at which it was compared, every table, seconds taken."""

    file: str
    checkpoint: int
    tables: tuple[TableReport, ...]
    seconds: float

    @property
    def is_same(self) -> bool:
        """Whether the live file has exactly what the log says."""
        return all(table.difference is None for table in self.tables)


async def verify(log: EventLog, directory: Path, progress: Progress | None = None) -> VerifyReport:
    """Compare the live file, as one read transaction sees it, with exactly the events up to its checkpoint.

    The instance goes on meanwhile. The rebuild needs as much room in `directory` as the live file; its own file has no
    name while it grows, so nothing is left of it whatever happens. Raises ProjectionMissing, also if the live file is
    of another log.
    """
    started = time.monotonic()
    with closing(Reader(directory)) as reader:
        live, path = reader.connection(), files.live(directory)
        if path is None:
            raise ProjectionMissing(directory, "none was built yet")
        if (reason := await unusable(log, meta_of(live, path))) is not None:
            raise ProjectionMissing(directory, reason)
        nameless = directory / f"projection-verify-{os.getpid()}.db"
        with closing(Projection.create(nameless, (await log.head()).created)) as rebuilt:
            nameless.unlink()
            await grow(log, rebuilt, meta_of(live, path).checkpoint, progress)
            # Only now a transaction, because as long as it lasts SQLite cannot tidy its write-ahead log.
            with reader.transaction():
                checkpoint = meta_of(live, path).checkpoint
                await grow(log, rebuilt, checkpoint, progress)
                tables = [await asyncio.to_thread(compare, live, rebuilt.db, table) for table in TABLES]
    seconds = time.monotonic() - started
    return VerifyReport(file=path.name, checkpoint=checkpoint, tables=tuple(tables), seconds=seconds)
