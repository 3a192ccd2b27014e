"""Tries a setting out on the log of a bus: puts the parts together, and writes nothing to the bus."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import count

import msgspec
import structlog

from actors.answering import Answering, Means, OneProfile
from actors.instance import Instance, Parts
from actors.leases.clocks import BusTime
from actors.tools.protocol import Tools
from actors.tools.python import load
from actors.tools.services import ServiceTools
from actors.tools.toolbox import Toolbox
from backends.protocol import Backend
from events.jetstream.connection import Bus
from events.jetstream.media_store import MediaStore
from events.log import EventLog
from events.memory_log import MemoryLog
from events.subjects import ChatKey, account_filter
from gateways.addressing import find
from projections.in_memory import InMemoryProjection
from recado.settings.settings import Settings
from recado.whatif.past import Past
from recado.whatif.recorded import RecordedFiles
from recado.whatif.rehearsal import Rehearsed
from recado.whatif.replay import AT_ONCE, Choice, Replay, Source, choose
from recado.whatif.report import Asked, Report, counted, report
from recado.whatif.spending import Spending
from recado.wiring.backends import Model, instructions
from recado.wiring.connect import last_of
from recado.wiring.model import open_model
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


class Nothing(Exception):
    """The trial has no turns; the message gives the reason."""


async def try_out(settings: Settings, trial: Trial, event_log: EventLog, bus: Bus, tell: Tell) -> Report:
    """Answer the messages of the trial's time again, from the log on `bus`. Progress goes to `tell`.

    Raises Nothing, and the errors of `open_model`.
    """
    async with open_model(settings) as model:
        head = await event_log.head()
        since = trial.since(head.now)
        until = trial.until(head.now) if trial.until is not None else head.now
        if since >= until:
            raise Nothing("--since is not before --until")
        source = Source(event_log, partial(last_of, bus), head.created)
        keys = await _chats(source, event_log, trial, since, until)
        tools = await _tools(settings, bus)
        made = _Maker(settings, trial.name, model.backend, tools, MediaStore(bus))
        choice = await choose(source, keys, made.rules, since, until, most=trial.max_turns)
        if not choice.chats:
            raise Nothing("nobody wrote in that time what would be answered")
        spending, progress = Spending(trial.max_tokens), _Teller(choice, trial.max_tokens, tell)
        replay = Replay(
            source=source,
            instance_on=made.on,
            spending=spending,
            prompt=instructions(settings),
            go_on=trial.go_on,
            at_once=min(AT_ONCE, settings.max_runs),
            progress=progress.note,
        )
        try:
            results = await replay.answer(choice.chats)
        except BaseException:
            for thread in progress.threads:
                log.warning("thread_left", backend=model.backend.name, thread=thread)
            raise
        return report(_asked(settings, trial, model, since, until), choice, results, progress.threads)


async def _chats(source: Source, event_log: EventLog, trial: Trial, since: datetime, until: datetime) -> list[ChatKey]:
    if trial.chats:
        return [await find(event_log, chat, trial.account) for chat in dict.fromkeys(trial.chats)]
    everything = account_filter(trial.account) if trial.account is not None else "evt.*.*.*.*.*"
    found = await source.chats(everything.removesuffix("*.*") + "i.in", since, until)
    return [key for key in found if trial.takes(key)]


async def _tools(settings: Settings, bus: Bus) -> Tools:
    """The tools that an instance would offer; a trial does not call them."""
    services = ServiceTools(bus)
    await services.look()
    functions = load(settings.tools) if settings.tools else {}
    return Toolbox(functions, services, hands_off=settings.handoff == "on")


class _Maker:
    """Makes instances with the rules of the settings and without a real log."""

    def __init__(self, settings: Settings, name: str, backend: Backend, tools: Tools, store: MediaStore) -> None:
        self._settings = settings
        self._name = name
        self._backend = backend
        self._tools = tools
        self._store = store
        self._nowhere: EventLog = MemoryLog()
        self._numbers = count(1)
        self._nothing = InMemoryProjection.empty(datetime.fromtimestamp(0).astimezone())

    @property
    def rules(self) -> Instance:
        return self._make(self._nothing, RecordedFiles({}, self._store))

    def on(self, past: Past, known: InMemoryProjection) -> Instance:
        """An instance that reads from `known`, and has the recorded texts of the chat's files."""
        return self._make(known, RecordedFiles(past.readings, self._store))

    def _make(self, known: InMemoryProjection, files: RecordedFiles) -> Instance:
        means = Means(backend=self._backend, tools=self._tools, files=files)
        parts = Parts(
            incarnation=self._name,
            log=self._nowhere,
            reads=known.reads,
            progress=known,
            bus_time=BusTime(),
            fresh_id=lambda: f"{self._name}-{next(self._numbers)}",
        )
        return Instance(parts, OneProfile(Answering(self._name, means, policy_of(self._settings))))


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


def _asked(settings: Settings, trial: Trial, model: Model, since: datetime, until: datetime) -> Asked:
    return Asked(
        since=since,
        until=until,
        changed=trial.changed,
        backend=model.backend.name,
        model=model.name,
        debounce=settings.debounce,
        history="continued" if trial.go_on else "as it was",
        max_turns=trial.max_turns,
        max_tokens=trial.max_tokens,
    )
