"""State and settings that all actors of one instance share, and the protocols of the parts that they use."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import msgspec
from msgspec.structs import replace

from actors.context_cache import ContextCache
from actors.leases.clocks import BusTime
from actors.leases.fence import Fence, NoFence
from actors.media_files import Files, NoFiles
from actors.run_slots import RunSlots
from backends.protocol import Backend, NoThreads, ThreadBackend, Threads, Tool
from chat.context import Line
from chat.gates import Gates
from chat.state import Chat
from chat.work import Rules
from events.inbound import Media
from events.log import EventLog
from events.recorded import Recorded
from events.subjects import ChatKey


class ChatReads(Protocol):
    """What an actor reads from the projection, and of messages that went ahead of it: on the loop, tens of microseconds
    each."""

    def snapshot(self, key: ChatKey) -> Chat:
        """The folded state at the projection's checkpoint; an empty one for a chat that nobody knows."""

    def lines_of(self, key: ChatKey, messages: Sequence[str]) -> tuple[Line, ...]:
        """The given messages as a model is shown them, in the given order."""

    def repeats(self, messages: Sequence[Recorded]) -> frozenset[int]:
        """The sequences of those messages whose ids their chats know from before."""

    def file_of(self, key: ChatKey, message: str) -> tuple[str, str, Media] | None:
        """A message's kind, its words and its file; None if it has none."""

    def unread(self, key: ChatKey, messages: Sequence[str]) -> tuple[str, ...]:
        """Those of `messages` whose file has to be read, in order."""

    def context(self, key: ChatKey, limit: int, reset_upto: int, since: int = 0) -> tuple[Line, ...]:
        """The last `limit` lines of what ended after decision `since`, and whose messages came after sequence
        `reset_upto`, oldest first."""

    def failed(self, key: ChatKey, messages: Sequence[str]) -> tuple[str, ...]:
        """Those of `messages` (none given: of the last failed turn) whose ending is a failed turn, in order."""

    def owing(self, partition: int, after: int, limit: int) -> list[tuple[int, ChatKey]]:
        """At most `limit` chats of the partition that are to be woken (they owe work, or may have
        left a run behind), by their number, from behind number `after` on."""


class ToolResult(msgspec.Struct, frozen=True):
    """What a call gave, as text for the model; `failed` when the text says what went wrong, `unfit` when that is that
    the arguments do not fit. With `handoff` a human is to go on instead, for that reason."""

    output: str
    failed: bool = False
    unfit: bool = False
    handoff: str | None = None


class Checkpoint(Protocol):
    """How far the projection has come."""

    @property
    def checkpoint(self) -> int:
        """Sequence of the last event that it has."""

    @property
    def told(self) -> int:
        """Up to which sequence chats in memory have heard of everything; it may be ahead of the projection."""

    async def reached(self, seq: int) -> None:
        """Return when the checkpoint is at or past `seq`."""


class Tools(Protocol):
    """What the models of an instance may ask for."""

    def offered(self) -> tuple[Tool, ...]:
        """Every tool that can be called now."""

    def is_safe(self, name: str) -> bool:
        """Whether a call may be made again when nobody knows whether it was made."""

    async def call(self, key: ChatKey, name: str, arguments: str) -> ToolResult:
        """Make a call for the chat `key`. What goes wrong is in the result."""


class NoTools:
    """Models have to do without."""

    def offered(self) -> tuple[Tool, ...]:
        return ()

    def is_safe(self, name: str) -> bool:  # noqa: ARG002 - the protocol's
        return True

    async def call(self, key: ChatKey, name: str, arguments: str) -> ToolResult:  # noqa: ARG002 - the protocol's
        return ToolResult(f"there is no tool {name}", failed=True)


class Instance:
    """One process's share of the work. `incarnation` names this very start of it; `is_finishing` says of another
    incarnation whether it still finishes turns of chats that it has let go of."""

    def __init__(
        self,
        *,
        incarnation: str,
        log: EventLog,
        backend: Backend,
        tools: Tools,
        reads: ChatReads,
        progress: Checkpoint,
        bus_time: BusTime,
        fresh_id: Callable[[], str],
        debounce: float = 1.0,
        run_timeout: float = 120.0,
        stale_after: timedelta = timedelta(hours=24),
        history: int = 20,
        apology: str = "",
        max_runs: int = 512,
        fence: Fence | None = None,
        is_finishing: Callable[[str], bool] = lambda _: False,
        budget: int = 0,
        words: Mapping[str, str] | None = None,
        takeover: timedelta = timedelta(0),
        gates: Gates = Gates(),  # noqa: B008 - it is frozen
        files: Files | None = None,
        threads: Threads | None = None,
    ) -> None:
        self.log = log
        self.backend = backend
        self.tools = tools
        self.reads = reads
        self.progress = progress
        self.bus_time = bus_time
        self.fresh_id = fresh_id
        self.debounce = debounce
        self.run_timeout = run_timeout
        self.history = history
        self.apology = apology
        self.words = {reason: text for reason, text in (words or {}).items() if text}
        self.files = files or NoFiles()
        self.threads = threads or NoThreads()
        self.slots = RunSlots(max_runs)
        self.contexts = ContextCache(history)
        self.fence = fence or NoFence()
        self.is_finishing = is_finishing
        keeps_threads = isinstance(backend, ThreadBackend)
        self.setting = Rules(
            incarnation,
            backend.name,
            stale_after,
            keeps_threads=keeps_threads,
            budget=budget,
            takeover=takeover,
            gates=gates,
        )
        self._uncounted = replace(self.setting, gates=gates.of_uncounted())
        self.has_room = True
        """False while the log is nearly full: no turn starts, what has begun is ended."""
        self.busy = 0
        """Runs and appends under way."""
        self._counter = itertools.count(1)

    def setting_of(self, account: str) -> Rules:
        """The setting of the account's chats."""
        return self._uncounted if account in self.setting.gates.uncounted else self.setting

    def decision_id(self) -> str:
        """The `Nats-Msg-Id` of the next decision; kept when its append is tried again."""
        return f"{self.setting.incarnation}:{next(self._counter)}"
