"""The names of people, for whoever takes a message in or gives an order: one canonical name for each person.

WhatsApp names a person by number, by LID, by BSUID, and by several written forms of the number. The first canonical
name stays; the others stand for it, in the bucket ALIASES and, packed, in memory. Looking a name up costs microseconds;
a name that is met for the first time is written to the bucket before its message is stored.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from functools import lru_cache

import structlog
from prometheus_client import Counter

from events.inbound import Control
from events.jetstream.consumer import FeedBroken
from events.jid import is_canonical
from events.log import EventLog, LogError, LogUnavailable
from events.subjects import ChatKey
from gateways.names import number_plans
from gateways.names.bucket import JOINED, JOINS, AliasBucket, Change, text_of
from gateways.names.known import Known
from gateways.names.person import BSUID, Person, join_id
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
_LOOK_EVERY = 1.0
_MOST_RECENT = 16_384
_MOST_TRIES = 50
_MOST_NAMES = 16
"""Names of a person that are told with a message."""

WRITTEN = Counter("recado_names_written", "Names of people that were written, by whether they had a chat", ["joins"])

log = structlog.get_logger("recado.names")

_CODES = frozenset(plan.code for plan in number_plans.PLANS)
_forms = lru_cache(maxsize=16384)(number_plans.other_forms)


def other_forms(name: str) -> tuple[str, ...]:
    """As number_plans.other_forms, but known ones take no time."""
    return _forms(name) if name[:2] in _CODES or name[:3] in _CODES else ()


class NamesUnavailable(LogUnavailable):
    """The bucket cannot be read or written now. A message that is taken in all the same might begin a second chat."""


class Names:
    """The names of the people of one account, or of all (`account` None). `run` follows the bucket.

    - `may_join`: whether every instance can read a joining.
    - `changed`: called with a name that now stands for another.
    - `file`: has the names of an earlier start; `save` writes it.
    """

    def __init__(
        self,
        event_log: EventLog,
        bucket: AliasBucket,
        account: str | None = None,
        *,
        may_join: Callable[[], Awaitable[bool]],
        changed: Callable[[ChatKey], None] = lambda _: None,
        file: NamesFile | None = None,
    ) -> None:
        self.ready = asyncio.Event()
        """Set once everything that the bucket has is known."""
        self._log = event_log
        self._bucket = bucket
        self._account = account
        self._may_join = may_join
        self._changed = changed
        self._file = file
        self._known: dict[str, Known] = {}
        self._accounts: dict[bytes, Known] = {}
        self._recent: dict[tuple[str, ...], Person] = {}  # forgotten at each change
        self._joins: dict[ChatKey, None] = {}  # names whose orders to join may not be in the log
        self._last = 0
        self._left_out = 0  # entries that are no name for another one
        self._unsaved = 0  # changes that the file does not have
        self._lives = 0  # counts erasures and new beginnings: a file that was begun before one is not kept
        self._lost: float | None = 0.0  # the loop's time since which the bucket is not followed
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()

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
            if self._lost_for() > _FORGET_AFTER:
                self._forget()
            await asyncio.sleep(_AGAIN_AFTER)

    async def save(self) -> None:
        """Keep the file up to date, until cancelled."""
        if self._file is None:
            return
        clock = asyncio.get_running_loop().time
        await self.ready.wait()
        saved_at = -_SAVED_FOR
        while True:
            most = _MOST_UNSAVED * sum(map(len, self._known.values()))
            is_late = clock() - saved_at >= _SAVED_FOR
            is_due = self._unsaved and self.ready.is_set() and (is_late or self._unsaved > most)
            if is_due and await self._save(self._file):
                saved_at = clock()
            await asyncio.sleep(_SAVE_EVERY)

    async def _save(self, file: NamesFile) -> bool:
        lives, unsaved = self._lives, self._unsaved
        try:
            place = await self._bucket.newest(self._account)
            if place is None:
                file.delete()
            else:
                await self._told(place.seq)
                await file.save(dict(self._known), place, [(*key,) for key in self._joins], self._left_out)
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
        self._joins = dict.fromkeys(ChatKey(*key) for key in trailer.joins)
        self._left_out, self._last, self._unsaved = trailer.left_out, trailer.place.seq, 0
        self._recent.clear()

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
                if goes_on and there != self._left_out + sum(map(len, self._known.values())):
                    log.info("names.differ", then="the bucket is read as a whole")
                    self._forget()
                    if self._file is not None:
                        self._file.delete()
                    return
                goes_on = False
                self._lost = None
                self.ready.set()

    def _forget(self) -> None:
        """Know nothing any more: begin again, with the file or the whole bucket."""
        self._known, self._accounts, self._last, self._left_out = {}, {}, 0, 0
        self._joins.clear()
        self._recent.clear()
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
            raise NamesUnavailable("the names of people (bucket ALIASES) cannot be read")

    def _lost_for(self) -> float:
        """Seconds for which the bucket is not followed; 0 while it is."""
        return asyncio.get_running_loop().time() - self._lost if self._lost is not None else 0.0

    def canonical(self, account: str, name: str) -> str:
        """The canonical name of the person, as far as it is known here."""
        return self._of(account).canonical(name)

    def family(self, account: str, name: str) -> tuple[str, ...]:
        """Every name of the person that is written, the canonical one first."""
        return self._of(account).family(name)

    def at_once(self, account: str, names: Sequence[str]) -> Person | None:
        """The person with these names; None if something is to be found out or written first. Takes microseconds."""
        asked = (account, *names)
        if (person := self._recent.get(asked)) is not None:
            return person
        person = self._look_up(account, names)
        if person is not None:
            if len(self._recent) >= _MOST_RECENT:
                self._recent.clear()
            self._recent[asked] = person
        return person

    def _look_up(self, account: str, names: Sequence[str]) -> Person | None:
        known = self._of(account)
        chat = known.canonical(names[0])
        if self._joins and any(ChatKey(account, name) in self._joins for name in names):
            return None
        others = known.others(chat)
        for name in names:
            if name != chat and name not in others:
                return None
            for form in other_forms(name):
                if form != chat and form not in others:
                    return None
        return Person(chat, others[:_MOST_NAMES])

    async def person(self, account: str, names: Sequence[str]) -> Person:
        """The person with these names, of which the first is the best known; new ones are written first.

        A number that comes with another user id than the known one is a stranger's. Raises NamesUnavailable, and the
        log's errors if chats are to be joined.
        """
        self.check()
        names = self._without_foreign_number(account, tuple(dict.fromkeys(names)))
        found = self.at_once(account, names)
        if found is not None:
            return found
        async with self._writing:
            for _ in range(_MOST_TRIES):
                if await self._settled(account, names):
                    break
            else:
                raise NamesUnavailable("other programs write names all the time")
        await self._joined(account, names)
        self.check()
        chat = self.canonical(account, names[0])
        return Person(chat, self._of(account).family(chat)[1 : 1 + _MOST_NAMES])

    async def order_joins(self, owns: Callable[[ChatKey], bool]) -> None:
        """Order the joinings that gateways asked for, of chats for which `owns` is true, until cancelled. A gateway
        itself may give no orders."""
        while True:
            news = self._news
            for key in [key for key in self._joins if owns(key)]:
                try:
                    await self._order(key)
                except LogError as fault:
                    log.warning("join_not_ordered", account=key.account, reason=str(fault), then="tried again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), _LOOK_EVERY)

    async def erase(self, account: str, names: Iterable[str]) -> None:
        """Take these names out of the bucket. Raises LogUnavailable."""
        for name in names:
            await self._bucket.erase(account, name)
            self._of(account).remove(name)
            self._erased()
            self._recent.clear()

    async def order_join(self, account: str, chat: str, into: str) -> None:
        """Order the chats to become one, under `into`. Ordering it again is harmless."""
        for place, order in (
            (into, Control(id=join_id(chat), command="join", from_=chat)),
            (chat, Control(id=join_id(chat), command="join", into=into)),
        ):
            key = ChatKey(account, place)
            await self._log.publish(key, order, msg_id=f"control:{account}:{place}:{order.id}:{into}")

    async def has_chat(self, account: str, name: str) -> bool:
        """Whether the log has events of a chat of this name."""
        return bool(await self._log.last_of(ChatKey(account, name)))

    def _of(self, account: str) -> Known:
        known = self._known.get(account)
        if known is None:
            known = self._known[account] = Known()
        return known

    def _take(self, changes: Sequence[Change]) -> None:
        loads = not self.ready.is_set()
        for change in changes:
            known = self._accounts.get(change.account)
            if known is None:
                known = self._accounts[change.account] = self._of(text_of(change.account))
            if change.joins or change.joined or not loads or not known.load(change.name, change.canonical):
                self._take_one(known, change)
        self._recent.clear()
        self._unsaved += len(changes)
        if changes:
            self._last = max(self._last, changes[-1].seq)
            self._tell()

    def _take_one(self, known: Known, change: Change) -> None:
        account, name = text_of(change.account), text_of(change.name)
        if not change.canonical:
            known.remove(name)
            self._joins.pop(ChatKey(account, name), None)
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
            self._joins[ChatKey(account, name)] = None
        else:
            self._joins.pop(ChatKey(account, name), None)
        self._changed(ChatKey(account, name))

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _told(self, seq: int) -> None:
        """Return when everything up to `seq` is known here."""
        try:
            async with asyncio.timeout(_TOLD_WITHIN):
                while self._last < seq:
                    await self._news.wait()
        except TimeoutError:
            raise NamesUnavailable("the names of people (bucket ALIASES) do not come") from None

    def _without_foreign_number(self, account: str, names: tuple[str, ...]) -> tuple[str, ...]:
        """The names without the number, if the number is known with another user id than this one."""
        users = [name for name in names if name.endswith(BSUID)]
        if not users or len(users) == len(names):
            return names
        known = [name for name in self._of(account).family(names[0]) if name.endswith(BSUID)]
        if not known or not set(known).isdisjoint(users):
            return names
        log.warning("number_of_another", account=account, then="the number is left out: its owner changed")
        return tuple(users)

    async def _settled(self, account: str, names: Sequence[str]) -> bool:
        """Write the new ones among the names. False if another program wrote meanwhile: others may be new then."""
        expected = await self._bucket.last(account)
        await self._told(expected)
        known = self._of(account)
        every = dict.fromkeys((*names, *(form for name in names for form in other_forms(name))))
        roots = list(dict.fromkeys(known.canonical(name) for name in every))
        begun = {root: first for root in roots if (first := await self._begun(account, root))}
        if len(begun) > 1 and not await self._may_join():
            # Until every instance reads a joining each chat keeps its name, and the message goes where it always went.
            roots = [root for root in roots if root not in begun or root == known.canonical(names[0])]
            begun = {root: first for root, first in begun.items() if root in roots}
        keeps = self._kept(known, roots, begun)
        for root in roots:
            if root == keeps:
                continue
            header = JOINS if root in begun else JOINED if known.is_canonical(root) else ""
            seq = await self._bucket.write(account, root, keeps, expected, header)
            if seq is None:
                return False
            WRITTEN.labels("yes" if header == JOINS else "no").inc()
            known.put(root, keeps)
            self._recent.clear()
            expected = seq
            if header == JOINS:
                self._joins[ChatKey(account, root)] = None
                self._tell()
        return True

    async def _joined(self, account: str, names: Sequence[str]) -> None:
        """Return when an instance has ordered the chats of these names to join. A message that is stored after that is
        a repeat if either chat had it."""
        try:
            async with asyncio.timeout(_TOLD_WITHIN):
                while any(ChatKey(account, name) in self._joins for name in names):
                    await self._news.wait()
        except TimeoutError:
            raise NamesUnavailable("no instance orders two chats of one person to join: is one running?") from None

    def _kept(self, known: Known, roots: Sequence[str], begun: dict[str, int]) -> str:
        """The name that stays canonical: that of the chat that began first, else one that others stand for."""
        if begun:
            return min(begun, key=lambda root: begun[root])
        return next((root for root in roots if known.is_canonical(root)), roots[0])

    async def _begun(self, account: str, name: str) -> int:
        """The sequence of the first event of a chat; 0 if it has none."""
        key = ChatKey(account, name)
        if not await self._log.last_of(key):
            return 0
        async with aclosing(self._log.of_chat(key, 2**62)) as events:
            async for recorded in events:
                return recorded.seq
        return 0

    async def _order(self, key: ChatKey) -> None:
        """Order the chat of this name to join, and note that this is done."""
        expected = await self._bucket.last(key.account)
        await self._told(expected)
        if key not in self._joins:
            return
        into = self.canonical(*key)
        await self.order_join(key.account, key.chat, into)
        if await self._bucket.write(key.account, key.chat, into, expected, JOINED) is not None:
            self._joins.pop(key, None)
            self._tell()
            log.info("chats_join", account=key.account)
