"""The answering of chats by one profile: who writes the replies, with which tools and files, and by which rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from actors.breaker import Breaker
from actors.media_files import Files, NoFiles
from actors.tools.protocol import NoTools, Tools
from backends.protocol import Backend, NoThreads, ReplyBackend, ThreadBackend, Threads
from chat.gates import Gates
from chat.spending import CostLimit
from chat.work import Rules
from events.subjects import ChatKey

WordsFor = Callable[[ChatKey], Mapping[str, str]]


def no_words(_: ChatKey) -> Mapping[str, str]:
    """No words for anybody."""
    return {}


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """The parts with which chats are answered.

    - `backend`: writes the replies.
    - `fallback`: the second model; None: there is none.
    - `tools`: the tools that models may call.
    - `files`: reads the files of messages.
    - `threads`: conversations at the provider.
    - `breaker`: decides between the two models; None: one is made where there is a second model.
    """

    backend: Backend
    fallback: ReplyBackend | None = None
    tools: Tools = msgspec.field(default_factory=NoTools)
    files: Files = msgspec.field(default_factory=NoFiles)
    threads: Threads = msgspec.field(default_factory=NoThreads)
    breaker: Breaker | None = None


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The settings by which chats are answered.

    - `debounce`: seconds of silence that end a burst of messages.
    - `run_timeout`: seconds for one reply.
    - `fallback_after`: seconds of one request after which the second model is asked; 0: as `run_timeout`.
    - `stale_after`: age from which a message is not answered any more.
    - `history`: lines of context that a model is shown.
    - `max_runs`: turns under way at once, on all instances; None: as many as the instances have.
    - `budget`: tokens that a chat may cost on a day; 0: any number.
    - `cost_limit`: money that a chat may cost on a day; None: any.
    - `account_cost_limit`: money that all chats of an account may cost on a day; None: any.
    - `words_for`: recado's own texts for a chat, by the keys of chat.words.WORDS; without a text nothing is said.
    - `takeover`: time for which a chat is left to a human after the last message by hand; 0: not at all.
    - `gates`: rules for who is answered, and when.
    - `acknowledge`: the emoji with which a person's message is reacted to when its turn starts; empty: none.
    - `quote`: the messages that an answer quotes: `unclear`, `always` or `never`.
    - `previews`: phones show previews of links.
    - `looks_up_first`: passages are looked up before a model is asked.
    - `sources`: a line under an answer names the documents that its model was shown.
    - `zone`: the shop's time zone, in which models are told the moment of a turn; None: they are told nothing of it.
    - `one_moment_after`: time without an answer after which the person is told to wait; 0: they are not told.
    """

    debounce: float = 1.0
    run_timeout: float = 120.0
    fallback_after: float = 0.0
    stale_after: timedelta = timedelta(hours=24)
    history: int = 20
    max_runs: int | None = None
    budget: int = 0
    cost_limit: CostLimit | None = None
    account_cost_limit: CostLimit | None = None
    words_for: WordsFor = no_words
    takeover: timedelta = timedelta(0)
    gates: Gates = Gates()
    one_moment_after: timedelta = timedelta(0)
    acknowledge: str = ""
    quote: str = "unclear"
    previews: bool = False
    looks_up_first: bool = False
    sources: bool = False
    zone: ZoneInfo | None = None


class NoBackend:
    """Stands for a model that cannot be asked."""

    name = ""

    async def close(self) -> None: ...


class Answering:
    """The way in which the chats of one version of a profile are answered.

    - `incarnation`: the instance's.
    - `profile`: the version, as `name@N`; empty: the instance's own settings.
    - `lacks`: the reason for which the instance cannot answer by it for now, with the names of variables that it lacks;
      empty: it can.
    - `usable_from`: time at which it could again; None: it always could.
    """

    def __init__(
        self,
        incarnation: str,
        means: Means,
        policy: Policy,
        *,
        profile: str = "",
        lacks: str = "",
        usable_from: datetime | None = None,
    ) -> None:
        self.profile = profile
        self.lacks = lacks
        self.backend = means.backend
        self.fallback = means.fallback
        self.tools = means.tools
        self.files = means.files
        self.threads = means.threads
        self.debounce = policy.debounce
        self.run_timeout = policy.run_timeout
        self.patience = policy.run_timeout
        """Seconds for one request to the first model."""
        self.breaker = means.breaker
        """None without a second model."""
        if means.fallback is not None:
            self.patience = min(policy.run_timeout, policy.fallback_after or policy.run_timeout)
            self.breaker = means.breaker or Breaker(trial=3 * self.patience)
        self.history = policy.history
        self.max_runs = policy.max_runs
        self.words_for = policy.words_for
        self.zone = policy.zone
        self.quote, self.previews, self.sources = policy.quote, policy.previews, policy.sources
        self.account_cost_limit = policy.account_cost_limit
        self.rules = Rules(
            incarnation,
            means.backend.name,
            policy.stale_after,
            keeps_threads=isinstance(means.backend, ThreadBackend),
            has_fallback=means.fallback is not None,
            budget=policy.budget,
            cost_limit=policy.cost_limit,
            takeover=policy.takeover,
            gates=policy.gates,
            wait_told_after=policy.one_moment_after,
            acknowledge=policy.acknowledge,
            profile=profile,
            waits=bool(lacks),
            usable_from=usable_from,
            looks_up_first=policy.looks_up_first,
        )
        self._uncounted = replace(self.rules, gates=policy.gates.of_uncounted())

    def rules_of(self, account: str) -> Rules:
        """The rules for the account's chats."""
        return self._uncounted if account in self.rules.gates.uncounted else self.rules

    @property
    def left_for(self) -> str:
        """The class of the failure for which the first model is left; empty: it is asked."""
        return self.breaker.reason if self.breaker is not None else ""


GONE = "the profile's version is not there any more"


def unusable(incarnation: str, profile: str, lacks: str) -> Answering:
    """The answering by a profile of which nothing else is known: its chats wait."""
    return Answering(incarnation, Means(backend=NoBackend()), Policy(), profile=profile, lacks=lacks)


class Profiles(Protocol):
    """The profiles of a bus."""

    def of(self, key: ChatKey) -> Answering:
        """The answering of the chat from its next turn on."""

    def named(self, profile: str) -> Answering | None:
        """The answering by this version of a profile (empty: by the instance's own settings); None: `find` gives it."""

    async def find(self, profile: str) -> Answering:
        """The answering by this version, which may have to be read; `named` has it for some time afterwards."""

    def left_for(self) -> str:
        """A failure for which a first model is left, as of `Answering.left_for`; empty: every first model is asked."""


class OneProfile:
    """Every chat is answered in the same way. A turn that a profile began cannot go on."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self._incarnation = answering.rules.incarnation

    def of(self, key: ChatKey) -> Answering:  # noqa: ARG002 - the protocol's
        return self.answering

    def named(self, profile: str) -> Answering:
        return self.answering if profile == self.answering.profile else unusable(self._incarnation, profile, GONE)

    async def find(self, profile: str) -> Answering:
        return self.named(profile)

    def left_for(self) -> str:
        return self.answering.left_for
