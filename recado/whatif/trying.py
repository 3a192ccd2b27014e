"""Tries a setting out on the log of a bus: puts the parts together, and writes nothing to the bus."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from actors.answering import Answering, Means, OneProfile, Policy
from actors.instance import Instance, Parts
from actors.leases.clocks import BusTime
from actors.tools.protocol import Tools
from actors.tools.python import load
from actors.tools.services import ServiceTools
from actors.tools.shelf import Shelf
from actors.tools.toolbox import Toolbox
from events.jetstream.connection import Bus
from events.jetstream.media_store import MediaStore
from events.library import Library
from events.log import EventLog, LogMismatch
from events.memory_library import MemoryLibrary
from events.memory_log import MemoryLog
from events.subjects import ChatKey, account_filter
from gateways.addressing import find
from projections.in_memory import InMemoryProjection
from recado.settings.settings import Settings
from recado.whatif.documents import FOLDER, TrialDocuments
from recado.whatif.past import Past
from recado.whatif.recorded import RecordedFiles
from recado.whatif.rehearsal import Rehearsed
from recado.whatif.replay import AT_ONCE, Choice, Replay, Source, choose
from recado.whatif.report import Asked, Report, counted, report
from recado.whatif.spending import Spending
from recado.whatif.ways import Ways
from recado.wiring.backends import Model, instructions
from recado.wiring.connect import last_of
from recado.wiring.library import joined_library
from recado.wiring.means import toolbox_of
from recado.wiring.model import model_of, open_model
from recado.wiring.policy import policy_of

log = structlog.get_logger("recado.whatif")


class Progress(msgspec.Struct, frozen=True):
    """The progress of a trial.

    - `done`, `of`: turns that are answered, and turns in all; 0 of them done at the beginning.
    - `chats`: the chats of these turns.
    - `tokens`, `max_tokens`: those used, and the most that may be.
    """

    done: int
    of: int
    chats: int
    tokens: int
    max_tokens: int

    def __str__(self) -> str:
        if not self.done:
            return f"To be answered again: {counted(self.of, 'turn')} of {counted(self.chats, 'chat')}"
        return f"{self.done:,} of {counted(self.of, 'turn')}, {self.tokens:,} of {self.max_tokens:,} tokens"


Tell = Callable[[Progress], object]


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A trial of a setting.

    - `since`: returns the beginning of its time, from the bus's time.
    - `until`: returns the end of its time; None: now.
    - `account`: the account of its chats; None: every account, or that of the settings if chats are named.
    - `chats`: the JIDs of its chats; empty: all.
    - `takes`: whether it takes a chat of that time; chats that are named are always taken.
    - `changed`: the changed settings, by variable.
    - `profile`: the profile that is tried, for people; empty: none in particular.
    - `documents`: the folder of documents that are looked up; None: those of the bus as they are now.
    - `go_on`: whether every turn follows the new reply before it.
    - `max_turns`: the most turns to answer.
    - `max_tokens`: the token budget.
    - `name`: the prefix of the turns' names at the provider.
    """

    since: Callable[[datetime], datetime]
    until: Callable[[datetime], datetime] | None
    account: str | None
    chats: tuple[str, ...]
    changed: dict[str, str]
    go_on: bool
    max_turns: int
    max_tokens: int
    name: str
    takes: Callable[[ChatKey], bool] = lambda _: True
    profile: str = ""
    documents: Path | None = None


class Nothing(Exception):
    """The trial has no turns; the message gives the reason."""


async def try_out(ways: Ways, trial: Trial, event_log: EventLog, bus: Bus, tell: Tell) -> Report:
    """Answer the messages of the trial's time again, from the log on `bus`. Progress goes to `tell`.

    Raises Nothing, ProfileUnusable, ToolsUnusable, DocumentsUnreadable, and the errors of `open_model`.
    """
    async with AsyncExitStack() as stack:
        head = await event_log.head()
        since = trial.since(head.now)
        until = trial.until(head.now) if trial.until is not None else head.now
        if since >= until:
            raise Nothing("--since is not before --until")
        source = Source(event_log, partial(last_of, bus), head.created)
        keys = await _chats(source, event_log, trial, since, until)
        services = ServiceTools(bus)
        await services.look()
        services.claimed = ways.claimed
        library = await _library(stack, bus)
        documents = TrialDocuments(bus, library, trial.documents)
        await documents.read()
        tools = _TrialTools(services, Shelf(library), documents, is_other=trial.documents is not None)
        made = _Maker(ways, trial.name, tools, MediaStore(bus), stack)
        choice = await choose(source, keys, made.rules, since, until, most=trial.max_turns)
        if not choice.chats:
            raise Nothing("nobody wrote in that time what would be answered")
        spending, progress = Spending(trial.max_tokens), _Teller(choice, trial.max_tokens, tell)
        replay = Replay(
            source=source,
            instance_on=made.on,
            spending=spending,
            prompt=lambda key: instructions(ways.of(key).settings),
            go_on=trial.go_on,
            at_once=min(AT_ONCE, ways.own.settings.max_runs),
            progress=progress.note,
        )
        try:
            results = await replay.answer(choice.chats)
        except BaseException:
            for thread in progress.threads:
                log.warning("thread_left", backend=made.backends, thread=thread)
            raise
        return report(_asked(ways, trial, made, since, until), choice, results, progress.threads, made.profile_of)


async def _library(stack: AsyncExitStack, bus: Bus) -> Library:
    """The library of the bus; an empty one where no instance has made it yet."""
    try:
        return await joined_library(stack, bus)
    except LogMismatch as missing:
        log.info("no_library", reason=str(missing))
        return MemoryLibrary()


async def _chats(source: Source, event_log: EventLog, trial: Trial, since: datetime, until: datetime) -> list[ChatKey]:
    if trial.chats:
        return [await find(event_log, chat, trial.account) for chat in dict.fromkeys(trial.chats)]
    everything = account_filter(trial.account) if trial.account is not None else "evt.*.*.*.*.*"
    found = await source.chats(everything.removesuffix("*.*") + "i.in", since, until)
    return [key for key in found if trial.takes(key)]


class _Means(NamedTuple):
    """The parts of a way; a trial does not call the tools."""

    model: Model
    tools: Tools
    policy: Policy


class _TrialTools(NamedTuple):
    """The things that the tools of all ways share; `is_other`: the documents are not those of the bus."""

    services: ServiceTools
    shelf: Shelf
    documents: TrialDocuments
    is_other: bool

    def tried(self, settings: Settings) -> Settings:
        """The settings of a way: each looks other documents up, also one that names no collection."""
        return replace(settings, knowledge=(FOLDER,)) if self.is_other else settings

    def box(self, settings: Settings) -> Toolbox:
        functions = load(settings.tools) if settings.tools else {}
        return toolbox_of(settings, functions, self.services, self.shelf, self.documents)


class _Maker:
    """Makes instances with the rules of each chat's way and without a real log. The clients of a way are
    opened when its first chat is planned, and closed with the stack."""

    def __init__(self, ways: Ways, name: str, tools: _TrialTools, store: MediaStore, stack: AsyncExitStack) -> None:
        self._ways = ways
        self._name = name
        self._tools = tools
        self._store = store
        self._stack = stack
        self._nowhere: EventLog = MemoryLog()
        self._numbers = count(1)
        self._nothing = InMemoryProjection.empty(datetime.fromtimestamp(0).astimezone())
        self._means: dict[str, _Means] = {}
        self._local: Model | None = None

    async def rules(self, key: ChatKey) -> Instance:
        """An instance with the rules for a chat. Raises as `try_out`."""
        way = self._ways.of(key)
        if way.profile not in self._means:
            self._means[way.profile] = await self._opened(way.settings)
        return self._make(key, self._nothing, RecordedFiles({}, self._store))

    def on(self, past: Past, known: InMemoryProjection) -> Instance:
        """An instance that reads from `known`, and has the recorded texts of the chat's files; `rules` was asked for
        the chat before."""
        return self._make(past.key, known, RecordedFiles(past.readings, self._store))

    def profile_of(self, key: ChatKey) -> str:
        return self._ways.of(key).profile

    @property
    def backends(self) -> str:
        return _listed(means.model.backend.name for means in self._means.values())

    @property
    def models(self) -> str:
        return _listed(means.model.name for means in self._means.values())

    async def _opened(self, settings: Settings) -> _Means:
        tried = self._tools.tried(settings)
        return _Means(await self._model(settings), self._tools.box(tried), policy_of(tried))

    async def _model(self, settings: Settings) -> Model:
        """The model; all ways share the small local one."""
        if not settings.wants_local_model:
            return await self._stack.enter_async_context(open_model(settings))
        if self._local is None:
            self._local = await self._stack.enter_async_context(open_model(settings))
        return model_of(settings, self._local, self._stack) or self._local

    def _make(self, key: ChatKey, known: InMemoryProjection, files: RecordedFiles) -> Instance:
        model, tools, policy = self._means[self._ways.of(key).profile]
        parts = Parts(
            incarnation=self._name,
            log=self._nowhere,
            reads=known.reads,
            progress=known,
            bus_time=BusTime(),
            fresh_id=lambda: f"{self._name}-{next(self._numbers)}",
        )
        means = Means(backend=model.backend, tools=tools, files=files)
        return Instance(parts, OneProfile(Answering(self._name, means, policy)))


class _Teller:
    """Tells of every answered turn, and collects the threads that were made at the provider."""

    def __init__(self, choice: Choice, max_tokens: int, tell: Tell) -> None:
        self._tell = tell
        self._progress = Progress(0, sum(len(one.turns) for one in choice.chats), len(choice.chats), 0, max_tokens)
        self.threads: list[str] = []
        tell(self._progress)

    def note(self, result: Rehearsed) -> None:
        before = self._progress
        tokens = before.tokens + result.usage.input_tokens + result.usage.output_tokens
        self._progress = msgspec.structs.replace(before, done=before.done + 1, tokens=tokens)
        self.threads += result.threads
        if not result.is_left_out:
            self._tell(self._progress)


def _asked(ways: Ways, trial: Trial, made: _Maker, since: datetime, until: datetime) -> Asked:
    return Asked(
        since=since,
        until=until,
        changed=trial.changed,
        backend=made.backends,
        model=made.models,
        debounce=ways.own.settings.debounce,
        history="continued" if trial.go_on else "as it was",
        max_turns=trial.max_turns,
        max_tokens=trial.max_tokens,
        profile=trial.profile,
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
