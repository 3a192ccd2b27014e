"""Keeps the projection up with the log, once for the whole instance."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog
from pysqlite3 import dbapi2 as sqlite3

from events.log import EventLog, LogUnavailable, Tail
from events.recorded import Recorded
from projections import files
from projections.commit_buffer import CommitBuffer
from projections.database import Damaged, as_damage
from projections.mended import tell_of_mended
from projections.projection import Projection
from projections.rebuild import last_event, rebuild, unusable
from projections.uncommitted import UncommittedMessages

log = structlog.get_logger("recado.projections")

_SHOWN = 100_000
"""Sequences between two log lines of a rebuild."""

_PASSING = (LogUnavailable, OSError, sqlite3.OperationalError)
"""Faults that may pass by themselves: the bus is away, the disk is full or fails."""

Result = TypeVar("Result")


class _OpenFile(msgspec.Struct, frozen=True):
    """The file that is followed.

    - `inode`: as it was opened; another one under the file's name shows that the file was replaced or deleted.
    """

    projection: Projection
    inode: int


class _Unusable(msgspec.Struct, frozen=True):
    """There is no live file to follow, for this reason."""

    reason: str


class Runner:
    """Tails the log from the checkpoint, applies batch after batch on a thread of its own, and delivers each batch.

    - `on_committed`: called on the loop, in log order, with committed events, repeats marked; each event once, even if
      the file is replaced meanwhile. Events that a rebuild at start folded are not delivered: the owner of a chat looks
      at its pending work.
    - `on_read`: called before that, as soon as events are read, with those that may be delivered early. It returns
      whether a caller waits for their commit.
    - `tail`: follows the log; by default a reading of its own. A rebuild always has one of its own.
    - `on_health`: called on the loop with `healthy` each time that changes.

    Await `run` for the life of the instance.
    """

    def __init__(
        self,
        log: EventLog,
        directory: Path,
        on_committed: Callable[[list[Recorded]], None],
        *,
        on_read: Callable[[list[Recorded]], bool] | None = None,
        tail: Tail | None = None,
        on_health: Callable[[bool], None] = lambda _: None,
        retry_after: float = 1.0,
    ) -> None:
        self.caught_up = asyncio.Event()
        """Set once the events that the log had at start are applied."""
        self._healthy = True
        self._log = log
        self._tail = tail or log.tail
        self._directory = directory
        self._on_committed = on_committed
        self._on_health = on_health
        self._retry_after = retry_after
        self._writer = ThreadPoolExecutor(1, "projection")
        self._file: _OpenFile | None = None
        self._damaged: Path | None = None  # found while writing: opening it again would show no fault
        self._pointer = (0, 0)
        self._path: Path | None = None
        self._committed = 0
        self._aim = 0
        self._tidies_at = 0.0
        self._rebuilt = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._counter = itertools.count()
        self._commit_buffer = CommitBuffer(on_read, is_delivered=self._is_delivered, is_awaited=self._is_awaited)

    @property
    def healthy(self) -> bool:
        """False while the file cannot be written; True from the start on. The batch is tried again every `retry_after`
        seconds, and the runner checks at the same interval whether the file is still there."""
        return self._healthy

    @property
    def checkpoint(self) -> int:
        """Sequence of the last event that was committed and delivered."""
        return self._committed

    @property
    def delivered(self) -> int:
        """Sequence up to which all events were delivered, early or after their commit."""
        return max(self._committed, self._commit_buffer.delivered_early)

    @property
    def uncommitted(self) -> UncommittedMessages:
        """The messages that were delivered early."""
        return self._commit_buffer.uncommitted

    @property
    def lag(self) -> int:
        """Sequences by which the projection is behind the known end of the log."""
        return max(0, max(self._commit_buffer.seen, self._aim) - max(self._committed, self._rebuilt))

    @property
    def path(self) -> Path | None:
        """The file to read, which has every event up to `checkpoint`; None before there is one.

        The pointer may name another file: after a rebuild by another process the new file has to catch up first.
        """
        return self._path

    async def reached(self, seq: int) -> None:
        """Return when the checkpoint is at or past `seq`."""
        if self._committed < seq:
            future = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (seq, next(self._counter), future))
            if seq <= self._commit_buffer.seen:
                self._commit_buffer.hurry()
            await future

    async def run(self) -> None:
        """Follow the log until cancelled, or until the log is closed. Raises AlreadyFollowed, LogMismatch."""
        with files.writing(self._directory):
            try:
                file = await self._open()
                self._committed = file.projection.checkpoint
                while await self._follow(file):
                    file = self._file if self._file is not None else await self._open()
            finally:
                if self._file is not None:
                    self._writer.submit(self._file.projection.close)
                self._writer.shutdown()

    async def _open(self) -> _OpenFile:
        """The live file, or a new one if that is unusable. Takes as long as it needs."""
        while True:
            self._pointer = files.pointer_stamp(self._directory)
            try:
                self._aim = self._aim or await last_event(self._log, await self._log.head())
                opened = await self._open_live()
                if isinstance(opened, _OpenFile):
                    self._file = opened
                    self._turn(healthy=True)
                    return opened
                log.info("projection_rebuild", reason=opened.reason)
                report = await rebuild(self._log, self._directory, self._show)
                log.info("projection_rebuilt", file=report.file, events=report.events, seconds=round(report.seconds, 1))
                continue
            except files.RebuildRunning:
                log.info("projection_waits", reason="another process is rebuilding it")
            except _PASSING as error:
                self._turn(healthy=False)
                log.error("projection_unavailable", reason=str(error), retry_after=self._retry_after)  # noqa: TRY400
            await asyncio.sleep(self._retry_after)

    def _show(self, done: int, total: int) -> None:
        if done // _SHOWN > self._rebuilt // _SHOWN:
            log.info("projection_rebuilding", done=done, total=total)
        self._rebuilt = done

    async def _open_live(self) -> _OpenFile | _Unusable:
        """Open the live file, if it is usable."""
        path = files.live(self._directory)
        if path is None:
            return _Unusable("there is none yet")
        if path == self._damaged:
            return _Unusable("it is damaged")
        try:
            inode = files.inode(path)
            projection = await self._on_writer(Projection.open, path)
        except Damaged as error:
            return _Unusable(str(error))
        try:
            reason = await unusable(self._log, projection.meta)
        except BaseException:
            projection.close()
            raise
        if reason is not None:
            projection.close()
            return _Unusable(reason)
        return _OpenFile(projection, inode)

    async def _follow(self, file: _OpenFile) -> bool:
        """Apply batch after batch to the file. False if the log ended, True if another file is to be followed."""
        projection = file.projection
        self._settle(projection)
        self._commit_buffer.start_over()
        after = min(projection.checkpoint, self._committed)
        reading = asyncio.create_task(self._commit_buffer.read(self._tail, after))
        reading.add_done_callback(self._commit_buffer.hurry)
        try:
            while True:
                batch = await self._commit_buffer.gather(reading, self._retry_after)
                if not batch and reading.done():
                    reading.result()
                    return False
                if not await self._is_still_live(file):
                    return True
                if batch and not await self._take(projection, batch):
                    return True
                if projection.leaves_traces:
                    await self._tidy(projection)
        finally:
            reading.cancel()
            await asyncio.wait([reading])

    def _is_delivered(self, seq: int) -> bool:
        return self._committed >= seq and self._healthy and self.caught_up.is_set()

    def _is_awaited(self) -> bool:
        """True if a caller waits for the next events: a reader of a decision, or the start."""
        is_asked_for = bool(self._waiting and self._waiting[0][0] <= self._commit_buffer.seen)
        return is_asked_for or self._committed < self._aim

    async def _take(self, projection: Projection, batch: list[Recorded]) -> bool:
        """Commit a batch and deliver it; False if the file turns out to be damaged."""
        marked: list[Recorded] | None = None
        while marked is None:
            try:
                marked = await self._on_writer(_commit, projection, batch, self._committed)
            except sqlite3.DatabaseError as error:
                damage = as_damage(projection.path, error)
                self._turn(healthy=False)
                if isinstance(damage, Damaged):
                    self._damaged = projection.path
                    log.error("projection_damaged", reason=str(damage))  # noqa: TRY400
                    await self._on_writer(projection.close)
                    self._file = None
                    return False
                log.error("projection_unwritable", reason=str(error), retry_after=self._retry_after)  # noqa: TRY400
                await asyncio.sleep(self._retry_after)
        self._turn(healthy=True)
        self._committed = max(self._committed, batch[-1].seq)
        self.uncommitted.drop(self._committed)
        self._settle(projection)
        tell_of_mended(marked)
        if marked:
            self._on_committed(marked)
        return True

    async def _tidy(self, projection: Projection) -> None:
        """Remove erased bytes from SQLite's write-ahead log too, once it has no reader."""
        now = asyncio.get_running_loop().time()
        if now < self._tidies_at:
            return
        self._tidies_at = now + self._retry_after
        try:
            await self._on_writer(projection.tidy)
        except sqlite3.DatabaseError as error:
            log.warning("projection_not_tidied", reason=str(error), retry_after=self._retry_after)

    async def _is_still_live(self, file: _OpenFile) -> bool:
        """True if this file exists and the pointer names it; if not, opens a new one that is usable.

        A pointer to an unusable file is refused. Without a pointer, or without this file under its name, the projection
        was deleted: it is lost, and is rebuilt unless another process has done so.
        """
        followed = file.projection.path
        try:
            stamp = files.pointer_stamp(self._directory)
            in_place = files.inode(followed) == file.inode
            if stamp == self._pointer and in_place:
                return True
            path = files.live(self._directory)
            if path == followed and in_place:
                self._pointer = stamp
                return True
            opened = await self._open_live()
        except _PASSING as error:
            log.warning("projection_switch_waits", reason=str(error))
            return True
        self._pointer = stamp
        if isinstance(opened, _Unusable) and path is not None and in_place:
            log.error("projection_switch_refused", reason=opened.reason)
            return True
        self._file = opened if isinstance(opened, _OpenFile) else None
        await self._on_writer(file.projection.close)
        if isinstance(opened, _OpenFile):
            log.info("projection_switched", file=opened.projection.path.name)
        else:
            self._turn(healthy=False)
            log.error("projection_lost", reason=opened.reason)
        return False

    def _turn(self, *, healthy: bool) -> None:
        if healthy != self._healthy:
            self._healthy = healthy
            self._on_health(healthy)

    def _settle(self, projection: Projection) -> None:
        """Let readers have the file as soon as it has all delivered events."""
        if projection.checkpoint < self._committed:
            return
        if self._path is not projection.path:
            self._path = projection.path
            try:
                files.remove_superseded(self._directory, keep=projection.path)
            except OSError as error:
                log.warning("projection_leftover", reason=str(error))
        if self._committed >= self._aim:
            self.caught_up.set()
        while self._waiting and self._waiting[0][0] <= self._committed:
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                future.set_result(None)

    async def _on_writer(self, fn: Callable[..., Result], *args: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._writer, fn, *args)


def _commit(projection: Projection, batch: list[Recorded], committed: int) -> list[Recorded]:
    """Apply the events that are new to the file. Returns those that were not delivered yet, repeats marked."""
    known = [recorded for recorded in batch if committed < recorded.seq <= projection.checkpoint]
    marked = projection.mark(known) if known else []
    marked += projection.apply(batch)
    return [recorded for recorded in marked if recorded.seq > committed]
