"""The bucket of names as it is followed: its entries, in memory, and the joinings that are still to be ordered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import aclosing, suppress

import structlog

from events.jetstream.consumer import FeedBroken
from events.jid import is_canonical
from events.log import LogUnavailable
from events.phrases import Phrase
from events.subjects import ChatKey
from gateways.names.bucket import AliasBucket, Change, text_of
from gateways.names.known import Known
from gateways.names.person import Person
from gateways.names.saved import NamesFile

_TOLD_WITHIN = 5.0
"""Seconds for an entry of the bucket to come to the one who follows it."""

_FORGET_AFTER = 30.0
"""Seconds without the bucket after which nothing counts as known."""

_SAVE_EVERY = 60.0
_SAVED_FOR = 3600.0
"""Seconds for which the file may lack a few names."""

_MOST_UNSAVED = 0.02
"""Share of the names above which the file is written earlier."""

_AGAIN_AFTER = 0.3
_COMPARE_EVERY = 60.0

log = structlog.get_logger("recado.names")


class NamesUnavailable(LogUnavailable):
    """The bucket cannot be read or written now. A message that is taken in all the same might begin a second chat."""


class Followed:
    """The entries of one account, or of all (`account` None).

    - `changed`: called with a name that now stands for another.
    - `file`: has the names of an earlier start.
    """

    def __init__(
        self, bucket: AliasBucket, account: str | None, changed: Callable[[ChatKey], None], file: NamesFile | None
    ) -> None:
        self.ready = asyncio.Event()
        """Set once everything that the bucket has is known."""
        self.recent: dict[tuple[str, ...], Person] = {}
        """Looked up lately; forgotten at each change."""
        self.joins: dict[ChatKey, str] = {}
        """Names whose orders to join may not be in the log, and into which chat."""
        self.news = asyncio.Event()
        self._bucket = bucket
        self._account = account
        self._changed = changed
        self._file = file
        self._known: dict[str, Known] = {}
        self._accounts: dict[bytes, Known] = {}
        self._last = 0
        self._left_out = 0  # entries that are no name for another one
        self._unsaved = 0  # changes that the file does not have
        self._read = 0  # changes
        self._differs = False  # a name is known that the bucket does not have any more
        self._lives = 0  # counts erasures and new beginnings: a file that was begun before one is not kept
        self._lost: float | None = 0.0  # the loop's time since which the bucket is not followed

    async def run(self) -> None:
        """Follow the bucket until cancelled."""
        clock = asyncio.get_running_loop().time
        self._lost = clock()
        while True:
            try:
                if not self._last:
                    await self._load()
                await self._follow()
            except (FeedBroken, LogUnavailable) as fault:
                if not self._lost_for():
                    self._lost = clock()
                    log.info("names.renewed", reason=str(fault))
            if self._lost_for() > _FORGET_AFTER or self._differs:
                self._begin_again()
            await asyncio.sleep(_AGAIN_AFTER)

    async def compare(self) -> None:
        """Begin again where a name is known that the bucket does not have any more, until cancelled: a mark that is
        erased before it is read tells nothing."""
        compared_at = -1
        while True:
            await asyncio.sleep(_COMPARE_EVERY)
            try:
                if self._lost is not None or (gone := await self._bucket.gone()) == compared_at:
                    continue
                if (surplus := await self._surplus()) and (surplus := await self._surplus()):
                    self._differs = True
                    self._bucket.break_off("names were erased meanwhile")
                if surplus is not None:
                    compared_at = gone
            except LogUnavailable as fault:
                log.warning("names.not_compared", reason=str(fault), then="tried again")

    async def _surplus(self) -> int | None:
        """The number of names that are known and not in the bucket; None if that cannot be said: names come."""
        newest = await self._bucket.newest(self._account)
        await self.told(newest.seq if newest is not None else 0)
        read = self._read
        surplus = self._size() - await self._bucket.count(self._account)
        is_same = newest == await self._bucket.newest(self._account)
        return surplus if is_same and self._read == read else None

    def _size(self) -> int:
        """The number of entries that are known."""
        return self._left_out + sum(map(len, self._known.values()))

    async def save(self) -> None:
        """Keep the file up to date, until cancelled."""
        if self._file is None:
            return
        clock = asyncio.get_running_loop().time
        await self.ready.wait()
        saved_at, lives = -_SAVED_FOR, -1
        while True:
            is_late = clock() - saved_at >= _SAVED_FOR or lives != self._lives
            is_due = self._unsaved and self.ready.is_set() and (is_late or self._unsaved > _MOST_UNSAVED * self._size())
            if is_due and await self._save(self._file):
                saved_at, lives = clock(), self._lives
            await asyncio.sleep(_SAVE_EVERY)

    async def _save(self, file: NamesFile) -> bool:
        lives, unsaved = self._lives, self._unsaved
        try:
            place = await self._bucket.newest(self._account)
            if place is None:
                file.delete()
            else:
                await self.told(place.seq)
                joins = [(*key, into) for key, into in self.joins.items()]
                await file.save(dict(self._known), place, joins, self._left_out)
        except (OSError, LogUnavailable) as fault:
            if lives == self._lives:
                log.warning("names_file.not_saved", reason=str(fault), then="tried again")
                return False
        if lives != self._lives:
            file.delete()  # it may hold a name that was erased while it was written
            return False
        self._unsaved -= unsaved
        return True

    async def _load(self) -> None:
        """Begin with the names of the file, if it is of this bucket."""
        trailer = self._file.trailer() if self._file is not None else None
        if self._file is None or trailer is None:
            return
        if not await self._bucket.holds(trailer.place):
            self._file.throw_away("it is of another bucket, or its last name is gone")
            return
        known = await self._file.load(trailer)
        if known is None:
            return
        self._known, self._accounts = known, {}
        self.joins = {ChatKey(account, name): into for account, name, into in trailer.joins}
        self._left_out, self._last, self._unsaved = trailer.left_out, trailer.place.seq, 0
        self.recent.clear()

    async def _follow(self) -> None:
        """Follow the bucket from the last entry that is known. Begins at the first one again where entries were
        erased meanwhile: nothing in the bucket tells of them any more."""
        goes_on = bool(self._last)
        there = await self._bucket.count(self._account) if goes_on else 0
        async with aclosing(self._bucket.follow(self._last, self._account)) as batches:
            async for changes, whole in batches:
                self._take(changes)
                if not whole:
                    continue
                if goes_on and there != self._size():
                    self._differs = True
                    return
                goes_on = False
                self._lost = None
                self.ready.set()

    def _begin_again(self) -> None:
        """Know nothing any more: begin with the file, or with the whole bucket if names differ."""
        if self._differs:
            log.info("names.differ", then="the bucket is read as a whole")
            if self._file is not None:
                self._file.delete()
            self._differs = False
        self._known, self._accounts, self._last, self._left_out = {}, {}, 0, 0
        self.joins.clear()
        self.recent.clear()
        self._lives += 1
        self.ready.clear()

    def _erased(self) -> None:
        """A name was erased: the file may hold it."""
        self._lives += 1
        self._unsaved += 1
        if self._file is not None:
            self._file.delete()

    def check(self) -> None:
        """Raises NamesUnavailable while the bucket cannot be followed: a name may be missing then."""
        if self._lost is not None and (not self.ready.is_set() or self._lost_for() > _TOLD_WITHIN):
            raise NamesUnavailable(Phrase("the names of people (bucket ALIASES) cannot be read"))

    async def known(self) -> None:
        """Return when everything that the bucket has is known. Raises NamesUnavailable."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_TOLD_WITHIN):
                await self.ready.wait()
        self.check()

    def _lost_for(self) -> float:
        """Seconds for which the bucket is not followed; 0 while it is."""
        return asyncio.get_running_loop().time() - self._lost if self._lost is not None else 0.0

    def of(self, account: str) -> Known:
        known = self._known.get(account)
        if known is None:
            known = self._known[account] = Known()
        return known

    def _take(self, changes: Sequence[Change]) -> None:
        loads = not self.ready.is_set()
        for change in changes:
            known = self._accounts.get(change.account)
            if known is None:
                known = self._accounts[change.account] = self.of(text_of(change.account))
            if change.joins or change.joined or not loads or not known.load(change.name, change.canonical):
                self._take_one(known, change)
        self.recent.clear()
        self._unsaved += len(changes)
        self._read += len(changes)
        if changes:
            self._last = max(self._last, changes[-1].seq)
            self.tell()

    def _take_one(self, known: Known, change: Change) -> None:
        account, name = text_of(change.account), text_of(change.name)
        if not change.canonical:
            known.remove(name)
            self.joins.pop(ChatKey(account, name), None)
            self._erased()
            return
        try:
            canonical = change.canonical.decode()
        except UnicodeDecodeError:
            canonical = ""
        if not (is_canonical(name) and is_canonical(canonical)):
            log.warning("name_unreadable", seq=change.seq, then="it is left out")
            self._left_out += 1
            return
        known.put(name, canonical)
        self._left_out += known.canonical(name) == name
        if change.joins:
            self.joins[ChatKey(account, name)] = change.into or canonical
        else:
            self.joins.pop(ChatKey(account, name), None)
        self._changed(ChatKey(account, name))

    def tell(self) -> None:
        news, self.news = self.news, asyncio.Event()
        news.set()

    async def told(self, seq: int) -> None:
        """Return when everything up to `seq` is known here."""
        try:
            async with asyncio.timeout(_TOLD_WITHIN):
                while self._last < seq:
                    await self.news.wait()
        except TimeoutError:
            raise NamesUnavailable(Phrase("the names of people (bucket ALIASES) do not come")) from None

    async def joined(self, account: str, names: Collection[str]) -> None:
        """Return when an instance has ordered the chats of these names to join. A message that is stored after that is
        a repeat if either chat had it."""
        try:
            async with asyncio.timeout(_TOLD_WITHIN):
                while any(ChatKey(account, name) in self.joins for name in names):
                    await self.news.wait()
        except TimeoutError:
            raise NamesUnavailable(
                Phrase("no instance orders two chats of one person to join: is one running?")
            ) from None

    def put(self, account: str, name: str, canonical: str, into: str | None) -> None:
        """Take in an entry that was written here, with the order to close the chat of this name `into` another one."""
        self.of(account).put(name, canonical)
        self.recent.clear()
        if into is not None:
            self.joins[ChatKey(account, name)] = into
            self.tell()

    def forget(self, account: str, name: str) -> None:
        """Take in that a name was erased here."""
        self.of(account).remove(name)
        self._erased()
        self.recent.clear()
