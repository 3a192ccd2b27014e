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
from events.jid import held_since, next_holder, number_of, people_in
from events.log import EventLog, LogError
from events.phrases import Phrase
from events.subjects import ChatKey
from gateways.names import number_plans
from gateways.names.bucket import JOINED, JOINS, AliasBucket
from gateways.names.changed_hands import leaves, stands_alone, still_to_leave, without_foreign_number
from gateways.names.followed import Followed, NamesUnavailable
from gateways.names.known import Known
from gateways.names.person import BSUID, Person, join_id
from gateways.names.saved import NamesFile

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
        self._log = event_log
        self._bucket = bucket
        self._may_join = may_join
        self._followed = Followed(bucket, account, changed, file)
        self._writing = asyncio.Lock()

    @property
    def ready(self) -> asyncio.Event:
        """Set once everything that the bucket has is known."""
        return self._followed.ready

    async def run(self) -> None:
        """Follow the bucket until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._followed.run())
            both.create_task(self._followed.compare())

    async def save(self) -> None:
        """Keep the file up to date, until cancelled."""
        await self._followed.save()

    def check(self) -> None:
        """Raises NamesUnavailable while the bucket cannot be followed: a name may be missing then."""
        self._followed.check()

    def canonical(self, account: str, name: str) -> str:
        """The canonical name of the person, as far as it is known here."""
        return self._followed.of(account).canonical(name)

    def family(self, account: str, name: str) -> tuple[str, ...]:
        """Every name of the person that is written, the canonical one first."""
        return self._followed.of(account).family(name)

    def at_once(self, account: str, names: Sequence[str]) -> Person | None:
        """The person with these names; None if something is to be found out or written first. Takes microseconds."""
        asked = (account, *names)
        if (person := self._followed.recent.get(asked)) is not None:
            return person
        person = self._look_up(account, names)
        if person is not None:
            if len(self._followed.recent) >= _MOST_RECENT:
                self._followed.recent.clear()
            self._followed.recent[asked] = person
        return person

    def _look_up(self, account: str, names: Sequence[str]) -> Person | None:
        known = self._followed.of(account)
        chat = known.canonical(names[0])
        if self._followed.joins and any(ChatKey(account, name) in self._followed.joins for name in names):
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
        self._followed.check()
        names = self._own(account, (names[0], *(name for name in people_in(names[1:]) if name != names[0])))
        found = self.at_once(account, names)
        if found is not None:
            return found
        async with self._writing:
            for _ in range(_MOST_TRIES):
                if await self._settled(account, names):
                    break
            else:
                raise NamesUnavailable(Phrase("other programs write names all the time"))
        await self._followed.joined(account, names)
        self._followed.check()
        chat = self.canonical(account, names[0])
        return Person(chat, self._followed.of(account).family(chat)[1 : 1 + _MOST_NAMES])

    async def renamed(self, account: str, former: Sequence[str], now: Sequence[str], since: int) -> Person | None:
        """The person who had the `former` names and has those of `now` since a time, in seconds since 1970. A number
        that is only among the former ones is nobody's from then on. None if the log has no chat of the person.

        Raises NamesUnavailable, and the log's errors.
        """
        self._followed.check()
        settles = {*now, *former, *(self.canonical(account, name) for name in former)}
        async with self._writing:
            for _ in range(_MOST_TRIES):
                if (target := await self._left(account, tuple(former), tuple(now), since)) is not None:
                    break
            else:
                raise NamesUnavailable(Phrase("other programs write names all the time"))
        await self._followed.joined(account, settles)
        self._followed.check()
        person = Person(target, self._followed.of(account).others(target)[:_MOST_NAMES])
        return person if await self.has_chat(account, target) else None

    async def closed(self, account: str, chat: str, into: str) -> None:
        """Have it written that the person of a chat that closed is that of `into`, unless the number changed hands.
        Raises NamesUnavailable, and the log's errors."""
        await self._followed.told(await self._bucket.last(account))
        if not self.changed_hands(account, chat):
            await self.person(account, (into, chat))

    def changed_hands(self, account: str, name: str) -> bool:
        """True if the name is a phone number that is no longer the person's who had it first."""
        canonical = self.canonical(account, name)
        return held_since(canonical) > held_since(name) and number_of(canonical) == number_of(name)

    async def reached_by(self, account: str, chat: str) -> str | None:
        """The name by which the person of the chat is reached: another one once the chat's number has changed hands;
        None if that is not known any more. Waits for the names at a start. Raises LogUnavailable."""
        await self._followed.known()
        met = {chat}
        while self.changed_hands(account, chat):
            now = await self._closes_into(ChatKey(account, chat))
            if now is None or now in met:
                return None
            met.add(now)
            chat = now
        return chat

    async def _closes_into(self, key: ChatKey) -> str | None:
        """The chat into which this one was ordered to close, last; None if the log has no such order."""
        found = self._followed.joins.get(key)
        if found is None:
            async with aclosing(self._log.of_chat(key, 2**62)) as events:
                async for recorded in events:
                    order = recorded.event
                    if isinstance(order, Control) and order.command == "join" and order.from_ is None:
                        found = order.into
        return found

    async def order_joins(self, owns: Callable[[ChatKey], bool]) -> None:
        """Order the joinings that gateways asked for, of chats for which `owns` is true, until cancelled. A gateway
        itself may give no orders."""
        while True:
            news = self._followed.news
            for key in [key for key in self._followed.joins if owns(key)]:
                try:
                    await self._order(key)
                except LogError as fault:
                    log.warning("join_not_ordered", account=key.account, reason=str(fault), then="tried again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY):
                    await news.wait()

    async def erase(self, account: str, names: Iterable[str]) -> None:
        """Take these names out of the bucket. Raises LogUnavailable."""
        for name in names:
            await self._bucket.erase(account, name)
            self._followed.forget(account, name)

    async def order_join(self, account: str, chat: str, into: str) -> None:
        """Order the chats to become one, under `into`. Ordering it again is harmless."""
        for place, order in (
            (into, Control(id=join_id(chat), command="join", from_=chat)),
            (chat, Control(id=join_id(chat), command="join", into=into)),
        ):
            key = ChatKey(account, place)
            await self._log.publish(key, order, msg_id=f"control:{account}:{place}:{order.id}:{into}")

    async def has_chat(self, account: str, name: str) -> bool:
        """True if the log has events of a chat of this name."""
        return bool(await self._log.last_of(ChatKey(account, name)))

    def _own(self, account: str, names: tuple[str, ...], users: Sequence[str] = ()) -> tuple[str, ...]:
        """The names without a number that is known to be another person's."""
        own = without_foreign_number(self._followed.of(account), names, users)
        if own != names:
            log.warning("number_of_another", account=account, then="the number is left out: its owner changed")
        return own

    async def _left(self, account: str, former: tuple[str, ...], now: tuple[str, ...], since: int) -> str | None:
        """Write what a change of the person's names changes. Returns the new canonical name; None if another program
        wrote meanwhile."""
        await self._followed.told(await self._bucket.last(account))
        known, users = self._followed.of(account), [name for name in (*former, *now) if name.endswith(BSUID)]
        now = self._own(account, now, users) or (next_holder(now[0], since),)
        former = without_foreign_number(known, former, users)
        if not await self._settled(account, now):
            return None
        expected = await self._bucket.last(account)
        await self._followed.told(expected)
        for name, canonical in list(stands_alone(known, former, now[0])):
            if (seq := await self._put(account, name, canonical, expected, None)) is None:
                return None
            expected = seq
        target = known.canonical(now[0])
        for root in dict.fromkeys(known.canonical(name) for name in former):
            begun = await self._begun(account, root)
            is_known = begun or known.is_canonical(root) or root.endswith(BSUID)
            if root == target or not is_known or held_since(root) >= since:
                continue
            if begun and not await self._may_join():
                raise NamesUnavailable(
                    Phrase("an instance of an older version runs, which cannot close a chat into another")
                )
            told = any(name.endswith(BSUID) for name in (*now, target))
            for name, canonical in list(leaves(known, root, target, since, keeps_users=told)):
                joins = bool(begun) and name == root
                if (seq := await self._put(account, name, canonical, expected, target if joins else None)) is None:
                    return None
                expected = seq
        for name, holder in still_to_leave(known, former, now, target, since):
            if (seq := await self._put(account, name, holder, expected, None)) is None:
                return None
            expected = seq
        return target

    async def _settled(self, account: str, names: Sequence[str]) -> bool:
        """Write the new ones among the names. False if another program wrote meanwhile: others may be new then."""
        expected = await self._bucket.last(account)
        await self._followed.told(expected)
        known = self._followed.of(account)
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
            seq = await self._put(account, root, keeps, expected, keeps if root in begun else None)
            if seq is None:
                return False
            expected = seq
        return True

    async def _put(self, account: str, name: str, canonical: str, expected: int, into: str | None) -> int | None:
        """Write an entry, with the order to close the chat of this name `into` another one. Returns its sequence; None
        if another program wrote meanwhile."""
        known = self._followed.of(account)
        header = JOINS if into is not None else JOINED
        if into is None and known.canonical(name) == name and not known.is_canonical(name):
            header = ""
        seq = await self._bucket.write(account, name, canonical, expected, header, into or canonical)
        if seq is None:
            return None
        WRITTEN.labels("yes" if header == JOINS else "no").inc()
        self._followed.put(account, name, canonical, into)
        return seq

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
        await self._followed.told(expected)
        if key not in self._followed.joins:
            return
        into = self.canonical(key.account, self._followed.joins[key])
        await self.order_join(key.account, key.chat, into)
        if await self._bucket.write(*key, self.canonical(*key), expected, JOINED) is not None:
            self._followed.joins.pop(key, None)
            self._followed.tell()
            log.info("chats_join", account=key.account)
