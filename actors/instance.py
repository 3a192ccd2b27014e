"""State that all actors of one instance share, and the protocols of the parts that they use."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
from msgspec.structs import replace

from actors.answering import Answering, Profiles
from actors.context_cache import ContextCache
from actors.fair_slots import FairSlots
from actors.leases.clocks import BusTime
from actors.leases.fence import Fence, NoFence
from actors.media_files import NoObjects, Objects
from chat.context import Line
from chat.references import Referring
from chat.spending import Used
from chat.state import Chat
from chat.work import Rules
from events.codec import INFORMS, JOINS, TEAMWORK
from events.inbound import Media
from events.log import EventLog
from events.recorded import Recorded
from events.subjects import ChatKey


class ChatReads(Protocol):
    """Reads of an actor from the projection and from messages that were delivered before their commit. Each takes tens
    of microseconds, on the loop."""

    def snapshot(self, key: ChatKey) -> Chat:
        """The folded state at the projection's checkpoint; an empty one for an unknown chat."""

    def lines_of(self, key: ChatKey, messages: Sequence[str]) -> tuple[Line, ...]:
        """The lines of `messages` as a model is shown them, in the given order."""

    def references(self, key: ChatKey, messages: Sequence[str]) -> tuple[Referring, ...]:
        """The references of those of `messages` that have any."""

    def repeats(self, messages: Sequence[Recorded]) -> frozenset[int]:
        """The sequences of those messages whose ids their chats have had before."""

    def file_of(self, key: ChatKey, message: str) -> tuple[str, str, Media] | None:
        """A message's kind, its words and its file; None if it has none."""

    def unread(self, key: ChatKey, messages: Sequence[str]) -> tuple[str, ...]:
        """Those of `messages` whose file has to be read, in order."""

    def context(self, key: ChatKey, limit: int, reset_upto: int, since: int = 0) -> tuple[Line, ...]:
        """The last `limit` lines of the turns that ended after decision `since` and whose messages came after sequence
        `reset_upto`, oldest first."""

    def seqs_of(self, key: ChatKey, messages: Sequence[str]) -> tuple[int, ...]:
        """The sequences of those of `messages` that are known, in order."""

    def failed(self, key: ChatKey, messages: Sequence[str]) -> tuple[str, ...]:
        """Those of `messages` whose ending is a failed turn, in order; without `messages`, the last failed turn's."""

    def spent(self, account: str, day: str) -> tuple[Used, ...]:
        """The tokens of all chats of the account on the day (UTC, as YYYY-MM-DD), by model."""

    def pending(self, partition: int, after: int, limit: int) -> list[tuple[int, ChatKey]]:
        """At most `limit` chats of the partition that are to be woken, since they have pending work or may have a stray
        run: pairs of a chat's number and its key, in the order of the numbers, all above `after`."""


class Checkpoint(Protocol):
    """Progress of the projection."""

    @property
    def checkpoint(self) -> int:
        """Sequence of the projection's last event."""

    @property
    def delivered(self) -> int:
        """Sequence up to which chats in memory have got all their events; it may be ahead of the projection."""

    async def reached(self, seq: int) -> None:
        """Return when the checkpoint is at or past `seq`."""


class Named(Protocol):
    """A person: the name of their chat."""

    @property
    def chat(self) -> str: ...


class People(Protocol):
    """The names of people. Calls that wait for the bus raise LogError."""

    def at_once(self, account: str, names: Sequence[str]) -> Named | None:
        """The person with these names; None if something is to be found out or written first."""

    async def person(self, account: str, names: Sequence[str]) -> Named:
        """The person with these names; new ones are written."""

    def family(self, account: str, name: str) -> tuple[str, ...]:
        """Every name of the person."""

    def changed_hands(self, account: str, name: str) -> bool:
        """True if the name is a phone number that another person has by now."""

    async def closed(self, account: str, chat: str, into: str) -> None:
        """Have it written that the person of a chat that closed is that of `into`, unless the number changed hands."""

    async def order_join(self, account: str, chat: str, into: str) -> None:
        """Order two chats to become one."""

    async def erase(self, account: str, names: Sequence[str]) -> None:
        """Forget these names."""


class Itself(msgspec.Struct, frozen=True):
    """A person known under one name."""

    chat: str


class NoPeople:
    """Every name is a person of its own."""

    def at_once(self, account: str, names: Sequence[str]) -> Named | None:  # noqa: ARG002 - the protocol's
        return Itself(names[0])

    async def person(self, account: str, names: Sequence[str]) -> Named:  # noqa: ARG002
        return Itself(names[0])

    def family(self, account: str, name: str) -> tuple[str, ...]:  # noqa: ARG002
        return (name,)

    def changed_hands(self, account: str, name: str) -> bool:  # noqa: ARG002
        return False

    async def closed(self, account: str, chat: str, into: str) -> None: ...

    async def order_join(self, account: str, chat: str, into: str) -> None: ...

    async def erase(self, account: str, names: Sequence[str]) -> None: ...


class SeenMarks(Protocol):
    """The chats that users of the desk have seen."""

    async def forget(self, key: ChatKey) -> None:
        """Delete the marks of the chat. Raises LogError."""


class NoMarks:
    """No desk."""

    async def forget(self, key: ChatKey) -> None: ...


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of an instance.

    - `incarnation`: name of this start of the process; its decisions bear it.
    - `log`: the log of all chats.
    - `reads`: reads of the projection.
    - `progress`: progress of the projection.
    - `bus_time`: the clock.
    - `fresh_id`: gives a new id.
    - `objects`: the store of messages' files.
    - `fence`: blocks actions when the instance may have lost its leases.
    - `people`: the names of people.
    - `marks`: which chats the users of the desk have seen.
    - `all_read`: whether every instance reads a set of types (events.codec.READS).
    - `is_finishing`: whether another incarnation still finishes turns of chats that it has let go of.
    - `max_runs`: turns under way at once.
    """

    incarnation: str
    log: EventLog
    reads: ChatReads
    progress: Checkpoint
    bus_time: BusTime
    fresh_id: Callable[[], str]
    objects: Objects = msgspec.field(default_factory=NoObjects)
    fence: Fence = msgspec.field(default_factory=NoFence)
    people: People = msgspec.field(default_factory=NoPeople)
    marks: SeenMarks = msgspec.field(default_factory=NoMarks)
    all_read: Callable[[int], bool] = lambda _: True
    is_finishing: Callable[[str], bool] = lambda _: False
    max_runs: int = 512


class Instance:
    """One recado process that answers chats: what all its chats share. `profiles` tell how each is answered."""

    def __init__(self, parts: Parts, profiles: Profiles) -> None:
        self.incarnation = parts.incarnation
        self.log = parts.log
        self.reads = parts.reads
        self.progress = parts.progress
        self.bus_time = parts.bus_time
        self.fresh_id = parts.fresh_id
        self.objects = parts.objects
        self.fence = parts.fence
        self.is_finishing = parts.is_finishing
        self.people = parts.people
        self.marks = parts.marks
        self.profiles = profiles
        self._all_read = parts.all_read
        self.slots = FairSlots(parts.max_runs, keeps_free=True)
        self.contexts = ContextCache()
        self.has_room = True
        """False while the log is nearly full: no turn starts, turns that have begun are finished."""
        self.busy = 0
        """Appends, and effects without a slot, under way."""
        self._waiting: set[ChatKey] = set()
        self._counter = itertools.count(1)

    @property
    def may_join(self) -> bool:
        """True if every instance reads joinings; until then no chat closes into another."""
        return self._all_read(JOINS)

    @property
    def informs(self) -> bool:
        """True if every instance reads orders to send that take no chat over; until then they are refused."""
        return self._all_read(INFORMS)

    @property
    def shares_work(self) -> bool:
        """True if every instance reads the decisions by which users share the work; until then their orders are
        refused."""
        return self._all_read(TEAMWORK)

    def rules_of(self, answering: Answering, account: str) -> Rules:
        """The rules for the account's chats that are answered so, with their costs so far."""
        rules = answering.rules_of(account)
        if not self._all_read(JOINS):
            rules = replace(rules, joins=False)
        limit = answering.account_cost_limit
        if limit is None or not limit.is_reached(self.reads.spent(account, self.bus_time.now().date().isoformat())):
            return rules
        return replace(rules, account_spent=True)

    @property
    def waiting_for_profile(self) -> int:
        """Chats in memory that wait for variables of their profile."""
        return len(self._waiting)

    def note_waiting(self, key: ChatKey, *, waits: bool) -> None:
        """Count, or do not count, the chat among those that wait for variables of their profile."""
        if waits:
            self._waiting.add(key)
        elif self._waiting:
            self._waiting.discard(key)

    def decision_id(self) -> str:
        """The `Nats-Msg-Id` of the next decision; every try of its append has the same one."""
        return f"{self.incarnation}:{next(self._counter)}"
