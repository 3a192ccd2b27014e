"""Whether the live file is what the log makes of it: a rebuild beside it, compared row by row."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import aclosing, closing
from pathlib import Path

import msgspec

from events.log import EventLog
from projections import files
from projections.content import TABLES, TableReport, compare
from projections.database import meta_of
from projections.projection import Projection
from projections.reads.reader import ProjectionMissing, Reader
from projections.rebuild import Progress, grow, last_event, unusable
from projections.tables.erasing import is_erasure


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


async def verify(
    log: EventLog, directory: Path, progress: Progress | None = None, *, patience: float = 10.0
) -> VerifyReport:
    """Compare the live file, as one read transaction sees it, with exactly the events up to its checkpoint.

    The instance goes on meanwhile. The rebuild needs as much room in `directory` as the live file; its own file has no
    name while it grows, so nothing is left of it whatever happens. What was erased from the log behind the checkpoint
    cannot be compared: then `patience` seconds are waited for the file to come past that. Raises ProjectionMissing,
    also if the live file is of another log, or does not.
    """
    while True:
        report = await _compared(log, directory, progress)
        if report.is_same or not (erased := await _erased_behind(log, report.checkpoint)):
            return report
        if not await _comes_past(directory, erased, patience):
            raise ProjectionMissing(directory, "it is behind the log, and a chat that it has was erased since")


async def _erased_behind(log: EventLog, checkpoint: int) -> int:
    """Sequence of the last event behind `checkpoint` by which a chat was erased; 0 if there is none."""
    found, upto = 0, await last_event(log, await log.head())
    if upto <= checkpoint:
        return found
    async with aclosing(log.tail(checkpoint)) as tail:
        async for batch in tail:
            found = max([found, *(recorded.seq for recorded in batch if is_erasure(recorded))])
            if batch[-1].seq >= upto:
                break
    return found


async def _comes_past(directory: Path, seq: int, patience: float) -> bool:
    until = time.monotonic() + patience
    with closing(Reader(directory)) as reader:
        while (path := files.live(directory)) is None or meta_of(reader.connection(), path).checkpoint < seq:
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.1)
    return True


async def _compared(log: EventLog, directory: Path, progress: Progress | None) -> VerifyReport:
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
