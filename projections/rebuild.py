"""Builds a new projection from the log beside the live file, and switches to it. A rebuild sends nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path

import msgspec

from events.log import EventLog, Head, LogUnavailable
from events.phrases import Phrase
from events.recorded import Recorded
from projections import files
from projections.database import VERSION, Meta, micros
from projections.projection import Projection

Progress = Callable[[int, int], None]
"""Called with the last sequence that was folded, and with the target."""

CHUNK = 2000
"""Events of one transaction; larger ones are no faster."""

CLOSE = 1000
"""Sequences that a rebuild may be behind the log's end when it switches. The follower of the log catches up with them;
while messages come all the time, a rebuild would never reach the very end."""

_STAMP_WITHIN = 30.0


class RebuildReport(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a rebuild.

    - `file`: the new live file.
    - `checkpoint`: the sequence of the last event in it.
    - `events`: the number of events folded.
    - `seconds`: the time taken.
    """

    file: str
    checkpoint: int
    events: int
    seconds: float


async def rebuild(log: EventLog, directory: Path, progress: Progress | None = None) -> RebuildReport:
    """Fold the log into a new file and make it the live one. Raises RebuildRunning, LogUnavailable.

    A rebuild that is cancelled or killed before the switch leaves the live file as it was.
    """
    started = time.monotonic()
    with files.rebuilding(directory):
        files.remove_unfinished(directory)
        built = files.place_to_build(directory)
        projection = Projection.create(built, (await log.head()).created)
        events = 0
        try:
            upto = await last_event(log, await log.head())
            events += await grow(log, projection, upto, progress)
            while (upto := await last_event(log, await log.head())) - projection.checkpoint > CLOSE:
                events += await grow(log, projection, upto, progress)
            projection.finish()
        except BaseException:
            projection.close()
            files.remove(built)
            raise
        live = files.make_live(built)
        # A runner removes old files itself, once it no longer reads them.
        with suppress(files.AlreadyFollowed), files.writing(directory):
            files.remove_superseded(directory)
    seconds = time.monotonic() - started
    return RebuildReport(file=live.name, checkpoint=projection.checkpoint, events=events, seconds=seconds)


async def grow(log: EventLog, projection: Projection, upto: int, progress: Progress | None = None) -> int:
    """Fold the events after the projection's checkpoint up to `upto`, which is an event; returns their number. Raises
    LogUnavailable if the log is closed meanwhile.

    It runs on the loop, for some tens of milliseconds at a time. A thread beside the loop took a third longer, because
    it releases the interpreter's lock at each statement and then waits for it (docs/decisions/0032).
    """
    events = 0
    if upto <= projection.checkpoint:
        return events
    pending: list[Recorded] = []
    async with aclosing(log.tail(projection.checkpoint)) as tail:
        async for batch in tail:
            pending += batch if batch[-1].seq <= upto else [recorded for recorded in batch if recorded.seq <= upto]
            arrived = batch[-1].seq >= upto
            if arrived or len(pending) >= CHUNK:
                projection.apply(pending)
                events += len(pending)
                pending = []
                if progress is not None:
                    progress(projection.checkpoint, upto)
                await asyncio.sleep(0)
            if arrived:
                return events
    raise LogUnavailable(Phrase("the log was closed before its end was reached"))


async def last_event(log: EventLog, head: Head) -> int:
    """Sequence of the log's last event that is still there; 0 if it has none."""
    seq = head.last
    while seq >= max(head.first, 1):
        if await log.read(seq) is not None:
            return seq
        seq -= 1
    return 0


async def unusable(log: EventLog, meta: Meta) -> str | None:
    """Reason not to use a file with the description `meta` for this log and this version, or None to use it."""
    if meta.version != VERSION:
        return f"it has version {meta.version}, this recado writes {VERSION}"
    head = await log.head()
    if meta.stream != head.created:
        return "it was folded from another log"
    if meta.checkpoint == 0:
        return None
    if meta.checkpoint > head.last:
        return f"its checkpoint {meta.checkpoint} is past the log's end {head.last}: the log was cut"
    stored = await _event_at(log, meta.checkpoint)
    if stored is None:
        return None  # it was erased: no sequence is given out twice
    # Gateways need not give a Msg-Id; without one only the stamp tells two events apart.
    if (stored.msg_id, micros(stored.at)) != (meta.msg_id, meta.at):
        return f"the log has another event at its checkpoint {meta.checkpoint}"
    return None


async def _event_at(log: EventLog, seq: int) -> Recorded | None:
    """The event at `seq` with its stamp; None if there is none (any more)."""
    if await log.read(seq) is None:
        return None
    try:
        async with asyncio.timeout(_STAMP_WITHIN), aclosing(log.tail(seq - 1)) as tail:
            async for batch in tail:
                return batch[0] if batch[0].seq == seq else None
    except TimeoutError:
        pass
    raise LogUnavailable(Phrase("the event at %(seq)s was not given", seq=seq))
