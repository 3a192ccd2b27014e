"""The profiles of a bus for the desk: the table of their fields, their checks, and trials of drafts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from secrets import token_hex
from typing import Any, Literal

import msgspec

from actors.tools.python import ToolsUnusable
from chat.hours import Span
from chat.spending import cost_of
from console.profiles.port import Noted, NotTried, ProfileFault, ProfileField, TrialAsked
from events.jetstream.connection import Bus
from events.log import EventLog
from events.phrases import Phrase, Together
from events.profile import NONE_IN_FORCE, InForce, Profile
from events.profile_log import ProfileLog, ProfilesChanged, Stored
from events.subjects import ChatKey
from events.usage import TokenUsage
from projections.reads.costs import in_dollars
from recado.profiles.changes import Change, check_clashes, check_readable, write
from recado.profiles.entries import KINDS, entries_of, with_canonical_names
from recado.profiles.keys import KEY_NAMES
from recado.profiles.overlay import SETTABLE, ProfileUnusable
from recado.settings.money import prices_of
from recado.settings.settings import VARIABLES, Settings
from recado.settings.shown import shown_value
from recado.settings.variables import Variable, clause_of
from recado.whatif.report import Report, Side
from recado.whatif.trying import Nothing, Progress, Trial, try_out
from recado.whatif.ways import SettingsOf, Way, Ways, meant_by
from recado.wiring.local_model import LocalModelFailed

_PROMPT = "ai_system_prompt"
_LONG = frozenset({"apology", "hosted_tools", "stop_words", "start_words", "allow", "block"})
TOPICS = {
    _PROMPT: "prompt",
    "hours": "hours",
    "timezone": "hours",
    "tools": "tools",
    "service_tools": "tools",
    "built_in_tools": "tools",
    "knowledge": "tools",
    "embedding_model": "tools",
    "knowledge_mode": "tools",
    "knowledge_sources": "tools",
    "hosted_tools": "tools",
    "handoff": "tools",
}
"""The fields that people change most, by their part of the form."""

_CHOICES = re.compile(r"`([^`]+)`")


class DeskProfiles:
    """console's ProfileDesk over the stream of profiles.

    - `bus`: None where drafts cannot be tried.
    - `in_force`: gives the profiles that this process follows.
    - `settings_of`: gives the settings of a profile in this process; `own`: those without a profile.
    """

    def __init__(
        self,
        log: ProfileLog,
        event_log: EventLog,
        bus: Bus | None,
        *,
        settings_of: SettingsOf,
        own: Settings,
        in_force: Callable[[], InForce] = lambda: NONE_IN_FORCE,
    ) -> None:
        self._log = log
        self._event_log = event_log
        self._bus = bus
        self._settings_of = settings_of
        self._in_force = in_force
        self._prices = prices_of(own)
        self.fields: Sequence[ProfileField] = tuple(_fields(own))

    async def look(self) -> Stored:
        return await self._log.look()

    def selected(self, key: ChatKey) -> Profile | None:
        return self._in_force().selected(key)

    async def history(self, name: str) -> list[Profile]:
        return await self._log.history(name)

    def shown(self, field: str, value: Any) -> str:
        variable = SETTABLE.get(field)
        try:
            return variable.reader.text_of(value) if variable is not None else str(value)
        except ValueError:
            return str(value)

    def week(self, text: str) -> Sequence[Span] | None:
        try:
            spans: tuple[Span, ...] = VARIABLES["hours"].reader.read(text)
        except ValueError:
            return None
        return spans

    def faults(self, profile: Profile) -> Sequence[ProfileFault]:
        found = list(_faults_of_entries(profile))
        try:
            self._settings_of(profile)
        except ProfileUnusable as unusable:
            lacks = {name for name in KEY_NAMES if profile.settings.get(name) in unusable.lacks}
            found += [
                ProfileFault(one.field, Together([one.problem, "."], ""))
                for one in unusable.faults
                if one.field not in lacks
            ]
        return found

    def lacks(self, profile: Profile) -> Sequence[str]:
        try:
            self._settings_of(profile)
        except ProfileUnusable as unusable:
            return unusable.lacks
        return ()

    async def save(self, profile: Profile, *, expected: int) -> None:
        stored = await self._log.look()
        if stored.seq != expected:
            raise ProfilesChanged
        check_readable(stored, profile.name)
        profile = await self._as_stored(profile)
        change = Change(profile, stored.in_force.profiles.get(profile.name))
        if self._bus is not None:
            await write(self._event_log, self._bus, self._log, stored, [change])
        else:
            check_clashes(stored, [change])
            await self._log.write([profile], expected=expected)

    async def try_out(self, profile: Profile, asked: TrialAsked, note: Callable[[Noted], None]) -> Report:
        try:
            settings = self._settings_of(profile)
        except ProfileUnusable as unusable:
            raise NotTried(str(unusable)) from unusable
        if self._bus is None:
            raise NotTried(Phrase("drafts are tried where recado has a bus"))
        profile = await self._as_stored(profile)
        trial = Trial(
            since=lambda now: now - timedelta(days=asked.days),
            until=None,
            account=None,
            chats=(),
            changed={name: self.shown(name, value) for name, value in profile.settings.items()},
            go_on=False,
            max_turns=asked.max_turns,
            max_tokens=asked.max_tokens,
            name=f"whatif-{token_hex(4)}",
            takes=meant_by(profile, (await self.look()).in_force),
            profile=profile.name,
        )

        def tell(progress: Progress) -> None:
            note(Noted(progress.done, progress.of, progress.tokens))

        try:
            ways = Ways(Way(settings, profile.name), self._in_force())
            return await try_out(ways, trial, self._event_log, self._bus, tell)
        except (Nothing, LocalModelFailed, ToolsUnusable) as reason:
            raise NotTried(str(reason)) from reason

    async def _as_stored(self, profile: Profile) -> Profile:
        """The profile, which has no faults, with its entries in the form that `recado profile apply` stores."""
        lists: dict[str, tuple[str, ...]] = {kind: entries_of(kind, getattr(profile, kind)) for kind in KINDS}
        lists["chats"] = await with_canonical_names(self._event_log, lists["chats"])
        return msgspec.structs.replace(profile, **lists)

    def cost(self, report: Report) -> Mapping[str, str]:
        then = {id(side): side for turn in report.turns for side in turn.then}
        return {"then": self._sum(then.values()), "now": self._sum(turn.now for turn in report.turns)}

    def _sum(self, sides: Iterable[Side]) -> str:
        costs = [
            cost_of(side.model or "", TokenUsage.of(side.input_tokens, side.output_tokens, 0, 0), self._prices)
            for side in sides
            if side.input_tokens or side.output_tokens
        ]
        known = sum((cost for cost in costs if cost is not None), Decimal(0))
        if None not in costs:
            return in_dollars(known)
        return Phrase("at least %(sum)s", sum=in_dollars(known)) if known else Phrase("unknown")


def _faults_of_entries(profile: Profile) -> Iterator[ProfileFault]:
    for kind in KINDS:
        try:
            entries_of(kind, getattr(profile, kind))
        except ValueError as error:
            yield ProfileFault("", Phrase("%(kind)s is a list %(error)s.", kind=kind, error=clause_of(error)))


def _fields(own: Settings) -> Iterator[ProfileField]:
    """The fields that people change most, then the others in the order of docs/configuration.md, each key's name after
    its server."""
    for field in (*TOPICS, *(field for field in SETTABLE if field not in TOPICS)):
        variable = SETTABLE[field]
        yield _field(field, variable, own)
        for name, role in KEY_NAMES.items():
            if role.url == field:
                meaning = Phrase(
                    "The variable with the key for this server, instead of `%(name)s`.", name=VARIABLES[role.key].name
                )
                yield ProfileField(
                    name=name, topic=variable.topic, meaning=meaning, takes="a name like SHOP_KEY", own=""
                )


def _field(field: str, variable: Variable, own: Settings) -> ProfileField:
    choices = tuple(_CHOICES.findall(variable.reader.takes)) if variable.reader.takes.startswith("one of ") else ()
    if field == "tools":
        choices = tuple(sorted({*own.profile_tools, own.tools} - {""}))
    shape = _shape(field, choices)
    value = getattr(own, field)
    return ProfileField(
        name=field,
        topic=TOPICS.get(field, variable.topic),
        meaning=Phrase(variable.meaning),
        takes=variable.reader.takes,
        own=(Phrase("set") if value else "") if variable.secret else shown_value(value),
        shape=shape,
        choices=choices,
    )


def _shape(field: str, choices: Sequence[str]) -> Literal["line", "prompt", "long", "hours", "choice"]:
    if field == _PROMPT:
        return "prompt"
    if field == "hours":
        return "hours"
    if choices:
        return "choice"
    return "long" if field in _LONG or field.endswith("_text") else "line"
