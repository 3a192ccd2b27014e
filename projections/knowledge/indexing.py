"""Keeps the index at the end of the stream KNOWLEDGE, and answers questions from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from itertools import islice
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import structlog
from pysqlite3 import dbapi2 as sqlite3

from events.knowledge import Place, Version
from events.knowledge_contents import Contents
from events.knowledge_log import Changes, KnowledgeLog
from projections.knowledge.contents import contents
from projections.knowledge.index import Index, Text
from projections.knowledge.search import Found, Question, search

AT_ONCE = 16
"""Documents that are read at once, and written in one transaction."""

PAUSE = 5.0
"""Seconds after a fault of the file."""

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")
P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger("recado.knowledge")


class Texts(Protocol):
    async def text_of(self, version: Version) -> Text:
        """The text of a document, or why there is none. Tries for as long as the bus is away."""


class Indexing:
    """Follows the stream into an index, and searches it."""

    def __init__(self, index: Index, stored: KnowledgeLog, texts: Texts) -> None:
        self._index = index
        self._stored = stored
        self._texts = texts
        self._writing = asyncio.Lock()
        self._reading = asyncio.Lock() if index.reads_beside else self._writing
        self.is_whole = asyncio.Event()
        """Set once every document that was there at the start is in the index; not while another stream is read."""
        self.changed = asyncio.Event()
        """Set when documents have changed; who waits for it clears it."""
        self._contents: dict[tuple[str, ...], tuple[str, int, Contents]] = {}
        """By collections, what they held when the index had read so far of the stream."""
        self._faults: asyncio.Queue[Exception] = asyncio.Queue(1)
        """The first fault that a reader met, for the follower, who opens the file again."""

    async def follow(self) -> None:
        """Index each change until cancelled, over every fault of the file. Raises LogUnavailable when the connection is
        closed for good."""
        fault: Exception | None = None
        while True:
            try:
                if fault is not None:
                    await self._reopen(fault)
                await self._follow_until_a_fault()
            except (sqlite3.DatabaseError, OSError) as error:
                fault = error
                log.warning("index_faulty", reason=str(fault), then="the file is opened again", retry_in=PAUSE)
            else:
                return
            await asyncio.sleep(PAUSE)

    async def _follow_until_a_fault(self) -> None:
        """Raises the fault of a reader, too."""
        tasks = following, faulty = asyncio.create_task(self._follow()), asyncio.create_task(self._faults.get())
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
            else:
                raise faulty.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self) -> None:
        async with aclosing(self._stored.follow(self._index.checkpoint, self._index.stream or None)) as followed:
            async for changes in followed:
                await self._take(changes)
                if changes.is_whole and not self.is_whole.is_set():
                    self.is_whole.set()
                    self.changed.set()

    async def catch_up(self) -> None:
        """Index all that is there now, without following: a command may make no consumer. Raises LogUnavailable."""
        stock = await self._stored.look()
        is_other = self._index.stream != stock.stream or self._index.checkpoint > stock.last
        after = 0 if is_other else self._index.checkpoint
        versions = sorted((one for one in stock.newest.values() if one.seq > after), key=lambda one: one.seq)
        await self._take(Changes(stock.stream, is_other, stock.last, tuple(versions), is_whole=True))
        self.is_whole.set()

    async def search(self, question: Question, most: int = 3) -> list[Found]:
        """The pieces that fit best, the best first, once the index is whole. Raises sqlite3.DatabaseError; the follower
        mends the file then."""
        while True:
            await self.is_whole.wait()
            if (found := await self._used(self._reading, lambda: self._searched(question, most))) is not None:
                return found

    def _searched(self, question: Question, most: int) -> list[Found] | None:
        """None: the index is made again."""
        return search(self._index, question, most) if self.is_whole.is_set() else None

    async def contents(self, collections: tuple[str, ...]) -> Contents:
        """What the collections hold; nothing while the index is not whole. Raises sqlite3.DatabaseError; the follower
        mends the file then."""
        if not self.is_whole.is_set():
            return Contents()
        stream, checkpoint = self._index.stream, self._index.checkpoint
        if (known := self._contents.get(collections)) is not None and known[:2] == (stream, checkpoint):
            return known[2]
        found = await self.read(contents, collections)
        self._contents[collections] = (stream, checkpoint, found)
        return found

    async def unfound(self) -> tuple[int, dict[int, str]]:
        """The sequence up to which the stream was read; and by sequence, the versions that have no pieces, and why."""
        return await self._used(self._reading, lambda: (self._index.checkpoint, self._index.unfound()))

    async def read(self, part: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a part of `meanings` that only reads."""
        return await self._used(self._reading, lambda: self._index.read(part, *args, **kwargs))

    async def write(
        self, part: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The result of a part of `meanings` that writes."""
        return await self._used(self._writing, lambda: self._index.write(part, *args, **kwargs))

    async def _used(self, lock: asyncio.Lock, call: Callable[[], T]) -> T:
        async with lock:
            try:
                return await finished(call)
            except sqlite3.DatabaseError as fault:
                if not self._faults.full():
                    self._faults.put_nowait(fault)
                raise

    async def close(self) -> None:
        async with self._alone():
            self._index.close()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Without a reader or a writer beside."""
        async with self._writing, AsyncExitStack() as reading:
            if self._reading is not self._writing:
                await reading.enter_async_context(self._reading)
            yield

    async def _reopen(self, fault: Exception) -> None:
        async with self._alone():
            was_whole = self.is_whole.is_set()
            self.is_whole.clear()  # a search that waits for the file would find nothing in a new one
            await finished(self._index.reopen, fault)
            if not self._faults.empty():  # of the file as it was
                self._faults.get_nowait()
            if was_whole and self._index.stream:
                self.is_whole.set()

    async def _take(self, changes: Changes) -> None:
        if changes.is_from_start:
            self.is_whole.clear()
        newest: dict[Place, Version] = {}
        for one in changes.versions:
            if isinstance(one, Version):
                newest[one.place] = one
            else:
                log.warning("document_unreadable", subject=one.subject, seq=one.seq, reason=one.reason)
        versions = iter(sorted(newest.values(), key=lambda version: version.seq))
        is_first = changes.is_from_start
        while some := tuple(islice(versions, AT_ONCE)):
            await self._write(changes, some[-1].seq, some, is_first)
            is_first = False
        await self._write(changes, changes.last, (), is_first)

    async def _write(self, changes: Changes, last: int, versions: Sequence[Version], is_first: bool) -> None:
        texts = await asyncio.gather(*(self._text_of(version) for version in versions))
        pairs = list(zip(versions, texts, strict=True))
        async with self._writing:
            await finished(self._index.take, changes.stream, last, pairs, afresh=is_first)
        self.changed.set()

    async def _text_of(self, version: Version) -> Text:
        if version.document.removed or version.document.faq:
            return Text("")
        text = await self._texts.text_of(version)
        if text.reason is not None:
            log.warning("document_not_indexed", document=str(version.place), seq=version.seq, reason=text.reason)
        return text


async def finished(call: Callable[_Given, _Result], *given: _Given.args, **named: _Given.kwargs) -> _Result:
    """The result of the call, in another thread. A caller that is cancelled waits for its end all the same, since the
    file must not be closed while a thread uses it: SQLite ends the process then."""
    running = asyncio.create_task(asyncio.to_thread(call, *given, **named))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({running})
        raise
