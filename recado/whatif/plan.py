"""Divides a chat's messages into turns under other rules, by the times at which they arrived.

The rules are those of `chat/`, asked as the chat's actor asks them, on a clock that jumps from one event to the next.
Inbound events come in again at their times; the chat's decisions are made again. A turn takes as long as it took in the
log, and messages that arrive meanwhile wait, as they did then.
"""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from actors.facts import facts_for
from actors.instance import Instance
from chat.commands import Answered, Command, Failed, HumanAsked
from chat.debounce import Burst
from chat.decide import decide
from chat.evolve import evolve
from chat.pending import pending
from chat.state import Chat
from chat.turn import Turn
from chat.work import Due, EndBurst, Resume
from events.decisions import TYPE_OF, Attention, Reply, TurnFailed, TurnStarted
from events.recorded import Recorded, Unreadable
from events.usage import TokenUsage
from recado.whatif.past import FormerTurn, Past


class Step(msgspec.Struct, frozen=True):
    """One event of the plan: an inbound event of the log, or a decision.

    `outcome_of` is the turn that the decision ends. Such a decision only holds the place of the model's new answer.
    """

    recorded: Recorded
    outcome_of: str | None = None


class PlannedTurn(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that is to be answered.

    - `id`: its id.
    - `messages`: its messages.
    - `at`: when it begins.
    - `chat`: the state of the chat right after its beginning.
    - `step`: the index of its beginning in the plan's steps.
    - `former`: the log's turn that took up the last of its messages; None if there is none.
    """

    id: str
    messages: tuple[str, ...]
    at: datetime
    chat: Chat
    step: int
    former: FormerTurn | None


class Plan(msgspec.Struct, frozen=True):
    """The planned events in order, and the planned turns that end by themselves."""

    steps: tuple[Step, ...]
    turns: tuple[PlannedTurn, ...]


class _Alarm(NamedTuple):
    at: datetime
    command: Command


def plan(past: Past, instance: Instance, since: datetime, until: datetime) -> Plan:
    """Plan the turns of the messages that arrived from `since` until before `until`, and of those open at `since`, by
    the rules of `instance`. The same past gives the same plan."""
    clockwork = _Clockwork(past, instance, since)
    clockwork.run(until)
    turns = [turn for turn in clockwork.turns if turn.id in clockwork.ended]
    return Plan(tuple(clockwork.steps), tuple(turns))


class _Clockwork:
    """The chat on a clock that jumps to the next event: an inbound one, or the end of a burst, a turn or a pause."""

    def __init__(self, past: Past, instance: Instance, since: datetime) -> None:
        begin = past.count_at(since)
        chat = Chat()
        for recorded in past.events[:begin]:
            chat = evolve(chat, recorded)
        me = instance.incarnation
        self._past = past
        self._instance = instance
        self._answering = instance.profiles.of(past.key)
        self._inbound = deque(
            recorded
            for recorded in past.events[begin:]
            if recorded.side == "i" and not recorded.repeat and not isinstance(recorded.event, Unreadable)
        )
        self._now = since
        # The turn that runs at the beginning is not answered again: it only has to end.
        turn = replace(chat.turn, by=me) if chat.turn is not None else None
        self._chat = replace(chat, turn=turn)
        waiting = [message.stored.timestamp() for message in chat.waiting]
        self._burst = Burst(*((waiting[0], waiting[-1]) if waiting else (0.0, 0.0)))
        self._tries: Counter[str] = Counter()
        self._outcome: _Alarm | None = None
        if turn is not None:
            self._outcome = self._ending(turn, next((one for one in past.turns if one.id == turn.id), None))
        self.steps: list[Step] = []
        self.turns: list[PlannedTurn] = []
        self.ended: set[str] = set()

    def run(self, until: datetime) -> None:
        while self._inbound and self._inbound[-1].at >= until:
            self._inbound.pop()
        self._settle()
        while True:
            alarm = min(self._alarms(), default=None, key=lambda alarm: alarm.at)
            if self._inbound and (alarm is None or self._inbound[0].at < alarm.at):
                self._take_in(self._inbound.popleft())
            elif alarm is not None:
                self._now = max(self._now, alarm.at)
                self._come_to(alarm.command)
            else:
                return
            self._settle()

    def _take_in(self, recorded: Recorded) -> None:
        self._now = max(self._now, recorded.at)
        waited = len(self._chat.waiting)
        self._chat = evolve(self._chat, recorded)
        self.steps.append(Step(recorded))
        if len(self._chat.waiting) > waited:
            self._burst.person_wrote(recorded.at.timestamp(), first=waited == 0)

    def _settle(self) -> None:
        """Decide all due work."""
        while (due := next(iter(self._pending(Due)), None)) is not None:
            if not self._decide(due):
                return

    def _pending(self, kind: type[Command] | object) -> list[Command]:
        works = pending(self._chat, self._now, self._answering.rules)
        return [work for work in works if isinstance(work, kind)]  # type: ignore[arg-type]

    def _alarms(self) -> list[_Alarm]:
        alarms = [_Alarm(work.at, work) for work in self._pending(Resume) if isinstance(work, Resume)]
        if self._chat.turn is not None and self._outcome is not None:
            alarms.append(self._outcome)
        ends = datetime.fromtimestamp(self._burst.ends(self._answering.debounce), self._now.tzinfo)
        return alarms + [_Alarm(max(self._now, ends), burst) for burst in self._pending(EndBurst)]

    def _come_to(self, command: Command) -> None:
        turn = self._chat.turn
        outcome_of = None if turn is None or isinstance(command, Resume) else turn.id
        if outcome_of is not None:
            self.ended.add(outcome_of)
            self._outcome = None
        if not self._decide(command, outcome_of):
            raise RuntimeError(f"{type(command).__name__} was pending and led to no decision")

    def _decide(self, command: Command, outcome_of: str | None = None) -> bool:
        decision = decide(
            self._chat, command, facts_for(self._instance, self._answering, self._past.key, command, self._now)
        )
        if decision is None:
            return False
        me, seq = self._instance.incarnation, self._chat.decision_seq + 1
        self._record(Recorded(seq, self._past.key, "o", TYPE_OF[type(decision)], self._now, f"{me}:{seq}", decision))
        self.steps[-1] = replace(self.steps[-1], outcome_of=outcome_of)
        if isinstance(decision, TurnStarted):
            self._turn_started(decision)
        return True

    def _record(self, recorded: Recorded) -> None:
        self._chat = evolve(self._chat, recorded)
        self.steps.append(Step(recorded))

    def _turn_started(self, decision: TurnStarted) -> None:
        turn = self._chat.turn
        assert turn is not None  # noqa: S101 - it was just started
        former = self._former(turn)
        self._outcome = self._ending(turn, former)
        self.turns.append(
            PlannedTurn(
                id=decision.turn,
                messages=decision.messages,
                at=self._now,
                chat=self._chat,
                step=len(self.steps) - 1,
                former=former,
            )
        )

    def _former(self, turn: Turn) -> FormerTurn | None:
        """The log's turn that took up the newest message. If the log has several, each further try takes the next."""
        newest = turn.messages[-1]
        turns = self._past.turns_about(newest)
        former = turns[min(self._tries[newest], len(turns) - 1)] if turns else None
        self._tries.update(turn.messages)
        return former

    def _ending(self, turn: Turn, former: FormerTurn | None) -> _Alarm:
        usual = self._past.usual
        if former is None or former.took is None:
            return _Alarm(self._now + usual, _outcome(turn.id, None))
        # A turn that was cut short would have taken longer.
        took = former.took if former.ending is not None else former.took + max(usual, timedelta(milliseconds=1))
        begun = former.at if former.id == turn.id else self._now
        return _Alarm(begun + took, _outcome(turn.id, former.ending))


def _outcome(turn: str, ending: Reply | TurnFailed | Attention | None) -> Command:
    """The command that ends the turn as the log's turn ended."""
    match ending:
        case TurnFailed(error=error):
            return Failed(turn, error.class_, error.detail)
        case Attention(text=text, by=by):
            return HumanAsked(turn, text, by)
        case Reply():
            return Answered(turn, ending.text, ending.model or "", ending.run, ending.usage)
    return Answered(turn, "", "", None, TokenUsage())
