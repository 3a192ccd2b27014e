"""State and settings that all actors of one instance share, and the protocols of the parts that they use."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from actors.breaker import Breaker
from actors.context_cache import ContextCache
from actors.leases.clocks import BusTime
from actors.leases.fence import Fence, NoFence
from actors.media_files import Files, NoFiles
from actors.run_slots import RunSlots
from backends.protocol import Backend, NoThreads, ReplyBackend, ThreadBackend, Threads, Tool
from chat.context import Line
from chat.gates import Gates
from chat.references import Referring
from chat.spending import CostLimit, Used
from chat.state import Chat
from chat.work import Rules
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


class ToolResult(msgspec.Struct, frozen=True):
    """The result of a tool call.

    - `output`: text for the model.
    - `failed`: the call failed, and the text is the error.
    - `unfit`: the call failed because the arguments do not fit.
    - `handoff`: reason for which a human is to go on with the chat; None if the model goes on.
    """

    output: str
    failed: bool = False
    unfit: bool = False
    handoff: str | None = None


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


class Tools(Protocol):
    """The tools that an instance offers to models."""

    def offered(self) -> tuple[Tool, ...]:
        """Every tool that models may call now."""

    def is_safe(self, name: str) -> bool:
        """Whether a call may be repeated after a crash that leaves unknown whether it was made."""

    async def call(self, key: ChatKey, name: str, arguments: str, references: Sequence[Referring] = ()) -> ToolResult:
        """Make a call for the chat `key`, in a turn whose messages have these references. Raises nothing: the result
        holds the error."""


class Named(Protocol):
    """A person: the name of their chat."""

    @property
    def chat(self) -> str: ...


class People(Protocol):
    """The names of people. What waits for the bus raises LogError."""

    def at_once(self, account: str, names: Sequence[str]) -> Named | None:
        """The person with these names; None if something is to be found out or written first."""

    async def person(self, account: str, names: Sequence[str]) -> Named:
        """The person with these names; what is new of them is written."""

    def family(self, account: str, name: str) -> tuple[str, ...]:
        """Every name of the person."""

    def changed_hands(self, account: str, name: str) -> bool:
        """Whether the name is a phone number that another person has by now."""

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


class NoTools:
    """No tools."""

    def offered(self) -> tuple[Tool, ...]:
        return ()

    def is_safe(self, name: str) -> bool:  # noqa: ARG002 - the protocol's
        return True

    async def call(  # the protocol's
        self,
        key: ChatKey,  # noqa: ARG002
        name: str,
        arguments: str,  # noqa: ARG002
        references: Sequence[Referring] = (),  # noqa: ARG002
    ) -> ToolResult:
        return ToolResult(f"there is no tool {name}", failed=True)


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of an instance.

    - `incarnation`: name of this start of the process; its decisions bear it.
    - `log`: the log of all chats.
    - `backend`: writes the replies.
    - `fallback`: the second model; None: there is none.
    - `tools`: the tools that models may call.
    - `reads`: reads of the projection.
    - `progress`: progress of the projection.
    - `bus_time`: the clock.
    - `fresh_id`: gives a new id.
    - `files`: files of messages.
    - `threads`: conversations at the provider.
    - `fence`: blocks actions when the instance may have lost its leases.
    - `people`: the names of people.
    - `all_read`: whether every instance reads joinings.
    - `is_finishing`: whether another incarnation still finishes turns of chats that it has let go of.
    """

    incarnation: str
    log: EventLog
    backend: Backend
    tools: Tools
    reads: ChatReads
    progress: Checkpoint
    bus_time: BusTime
    fresh_id: Callable[[], str]
    files: Files = msgspec.field(default_factory=NoFiles)
    threads: Threads = msgspec.field(default_factory=NoThreads)
    fence: Fence = msgspec.field(default_factory=NoFence)
    people: People = msgspec.field(default_factory=NoPeople)
    all_read: Callable[[], bool] = lambda: True
    is_finishing: Callable[[str], bool] = lambda _: False
    fallback: ReplyBackend | None = None


WordsFor = Callable[[ChatKey], Mapping[str, str]]


def no_words(_: ChatKey) -> Mapping[str, str]:
    """No words for anybody."""
    return {}


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The settings by which an instance answers.

    - `debounce`: seconds of silence that end a burst of messages.
    - `run_timeout`: seconds for one reply.
    - `fallback_after`: seconds of one request after which the second model is asked; 0: as `run_timeout`.
    - `stale_after`: age from which a message is not answered any more.
    - `history`: lines of context that a model is shown.
    - `max_runs`: turns under way at once.
    - `budget`: tokens that a chat may cost on a day; 0: any number.
    - `cost_limit`: money that a chat may cost on a day; None: any.
    - `account_cost_limit`: money that all chats of an account may cost on a day; None: any.
    - `words_for`: recado's own texts for a chat, by the keys of chat.words.WORDS; without a text nothing is said.
    - `takeover`: time for which a chat is left to a human after the last message by hand; 0: not at all.
    - `gates`: rules for who is answered, and when.
    - `zone`: the shop's time zone, in which models are told the moment of a turn; None: they are told nothing of it.
    - `one_moment_after`: time without an answer after which the person is told to wait; 0: they are not told.
    """

    debounce: float = 1.0
    run_timeout: float = 120.0
    fallback_after: float = 0.0
    stale_after: timedelta = timedelta(hours=24)
    history: int = 20
    max_runs: int = 512
    budget: int = 0
    cost_limit: CostLimit | None = None
    account_cost_limit: CostLimit | None = None
    words_for: WordsFor = no_words
    takeover: timedelta = timedelta(0)
    gates: Gates = Gates()
    one_moment_after: timedelta = timedelta(0)
    zone: ZoneInfo | None = None


class Instance:
    """One recado process that answers chats."""

    def __init__(self, parts: Parts, policy: Policy) -> None:
        self.log = parts.log
        self.backend = parts.backend
        self.fallback = parts.fallback
        self.tools = parts.tools
        self.reads = parts.reads
        self.progress = parts.progress
        self.bus_time = parts.bus_time
        self.fresh_id = parts.fresh_id
        self.files = parts.files
        self.threads = parts.threads
        self.fence = parts.fence
        self.is_finishing = parts.is_finishing
        self.people = parts.people
        self._all_read = parts.all_read
        self.debounce = policy.debounce
        self.run_timeout = policy.run_timeout
        self.patience = policy.run_timeout
        """Seconds for one request to the first model."""
        self.breaker: Breaker | None = None
        """None without a second model."""
        if parts.fallback is not None:
            self.patience = min(policy.run_timeout, policy.fallback_after or policy.run_timeout)
            self.breaker = Breaker(trial=3 * self.patience)
        self.history = policy.history
        self.words_for = policy.words_for
        self.zone = policy.zone
        self.slots = RunSlots(policy.max_runs)
        self.contexts = ContextCache(policy.history)
        self.rules = Rules(
            parts.incarnation,
            parts.backend.name,
            policy.stale_after,
            keeps_threads=isinstance(parts.backend, ThreadBackend),
            has_fallback=parts.fallback is not None,
            budget=policy.budget,
            cost_limit=policy.cost_limit,
            takeover=policy.takeover,
            gates=policy.gates,
            wait_told_after=policy.one_moment_after,
        )
        self._account_cost_limit = policy.account_cost_limit
        self._uncounted = replace(self.rules, gates=policy.gates.of_uncounted())
        self.has_room = True
        """False while the log is nearly full: no turn starts, turns that have begun are finished."""
        self.busy = 0
        """Runs and appends under way."""
        self._counter = itertools.count(1)

    def rules_of(self, account: str) -> Rules:
        """The rules for the account's chats."""
        rules = self._uncounted if account in self.rules.gates.uncounted else self.rules
        if not self._all_read():
            rules = replace(rules, joins=False)
        limit = self._account_cost_limit
        if limit is None or not limit.is_reached(self.reads.spent(account, self.bus_time.now().date().isoformat())):
            return rules
        return replace(rules, account_spent=True)

    def decision_id(self) -> str:
        """The `Nats-Msg-Id` of the next decision; every try of its append has the same one."""
        return f"{self.rules.incarnation}:{next(self._counter)}"
