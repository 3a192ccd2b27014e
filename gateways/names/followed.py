"""The bucket of names as it is followed: its entries, in memory, and the joinings that are still to be ordered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import aclosing

import structlog

from events.jetstream.consumer import FeedBroken
from events.jid import is_canonical
from events.log import LogUnavailable
from events.subjects import ChatKey
from gateways.names.bucket import AliasBucket, Change, text_of
from gateways.names.known import Known
from gateways.names.person import Person

_TOLD_WITHIN = 5.0
"""Seconds for an entry of the bucket to come to the one who follows it."""

_FORGET_AFTER = 30.0
"""Seconds without the bucket after which it is read again as a whole: marks of erased names may have been missed."""

_AGAIN_AFTER = 0.3

log = structlog.get_logger("recado.names")


class NamesUnavailable(LogUnavailable):
    """The bucket cannot be read or written now. A message that is taken in all the same might begin a second chat."""


class Followed:
    """The entries of one account, or of all (`account` None). `changed` is called with a name that now stands
    for another."""

    def __init__(self, bucket: AliasBucket, account: str | None, changed: Callable[[ChatKey], None]) -> None:
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
        self._known: dict[str, Known] = {}
        self._accounts: dict[bytes, Known] = {}
        self._last = 0
        self._lost: float | None = 0.0  # the loop's time since which the bucket is not followed

    async def run(self) -> None:
        """Follow the bucket until cancelled."""
        clock = asyncio.get_running_loop().time
        self._lost = clock()
        while True:
            try:
                async with aclosing(self._bucket.follow(self._last, self._account)) as batches:
                    async for changes, whole in batches:
                        self._take(changes)
                        if whole:
                            self._lost = None
                            self.ready.set()
            except (FeedBroken, LogUnavailable) as fault:
                if self._lost is None:
                    self._lost = clock()
                    log.info("names.renewed", reason=str(fault))
            if self._lost is not None and clock() - self._lost > _FORGET_AFTER:
                self._known, self._accounts, self._last = {}, {}, 0
                self.joins.clear()
                self.ready.clear()
            await asyncio.sleep(_AGAIN_AFTER)

    def check(self) -> None:
        """Raises NamesUnavailable while the bucket cannot be followed: a name may be missing then."""
        if self._lost is not None and (
            not self.ready.is_set() or asyncio.get_running_loop().time() - self._lost > _TOLD_WITHIN
        ):
            raise NamesUnavailable("the names of people (bucket ALIASES) cannot be read")

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
        if changes:
            self._last = max(self._last, changes[-1].seq)
            self.tell()

    def _take_one(self, known: Known, change: Change) -> None:
        account, name = text_of(change.account), text_of(change.name)
        if not change.canonical:
            known.remove(name)
            self.joins.pop(ChatKey(account, name), None)
            return
        try:
            canonical = change.canonical.decode()
        except UnicodeDecodeError:
            canonical = ""
        if not (is_canonical(name) and is_canonical(canonical)):
            log.warning("name_unreadable", seq=change.seq, then="it is left out")
            return
        known.put(name, canonical)
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
            raise NamesUnavailable("the names of people (bucket ALIASES) do not come") from None

    async def joined(self, account: str, names: Collection[str]) -> None:
        """Return when an instance has ordered the chats of these names to join. A message that is stored after that is
        a repeat if either chat had it."""
        try:
            async with asyncio.timeout(_TOLD_WITHIN):
                while any(ChatKey(account, name) in self.joins for name in names):
                    await self.news.wait()
        except TimeoutError:
            raise NamesUnavailable("no instance orders two chats of one person to join: is one running?") from None

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
        self.recent.clear()
