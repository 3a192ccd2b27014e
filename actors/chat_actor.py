"""The actor of one chat: takes its events in log order, decides one thing at a time, and runs its effects.

One path serves every case: after each message, `pending(state)` lists the pending work. Due work is decided, and the
decision is appended with CAS; pending effects are started, effects no longer pending are cancelled. Waking after a
crash is the same step.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from types import TracebackType
from typing import Any

import structlog

from actors import metrics
from actors.answered_by import AnsweredBy, ChatProfiles
from actors.answering import Answering
from actors.append import append
from actors.decided import note
from actors.effects import Work
from actors.erasing import last_known
from actors.facts import facts_for
from actors.in_flight import InFlight
from actors.instance import Instance
from actors.log_end import IN_STEP, LogEnd, Shorter, after_conflict, expected
from actors.mailbox import LoopActor
from actors.messages import (
    AppendDone,
    AppendRefused,
    EffectBroke,
    EffectDone,
    LookAgain,
    Owned,
    Passivate,
    Stored,
    YieldOver,
)
from actors.naming import Naming
from chat.broken import MOST_BREAKS, SetAside, held_by
from chat.commands import Answered, Command, Facts, Failed
from chat.decide import decide
from chat.evolve import evolve
from chat.state import Chat
from chat.turn import Turn
from chat.work import Adopt, Ask, Due, Effect, EndBurst, Erase, Obey, StartAgain, StopRun
from events.decisions import TYPE_OF, Decision, Erased, Reply, TurnStarted
from events.details import Detail
from events.log import Appended, EventTooLarge, WrongExpectedVersion
from events.recorded import Recorded
from events.subjects import ChatKey
from events.tool_calls import ToolCalled, ToolReturned

log = structlog.get_logger("recado.actors")

_YIELD = 5.0
"""Seconds for which a chat is left to another instance after a decision of that instance. Longer than a lease lasts:
of two instances that both believe to own the chat one gives up, instead of both adopting its turn from each other."""

_STILL_FINISHING = 0.2
"""Seconds until the next check whether the former owner still finishes the running turn."""


class _Last(Enum):
    """The chat's last event, while its sequence is not known."""

    UNKNOWN = auto()
    ASKED = auto()


class ChatActor(LoopActor):
    """The actor of the chat `key`.

    - `gone`: called when the actor has left: with None after passivation, else with the exception that ended it.
    - `breaks`: failures of the chat's actor in a row. From MOST_BREAKS on it sets aside the work that it breaks on.
    """

    def __init__(
        self, key: ChatKey, instance: Instance, gone: Callable[[BaseException | None], None], breaks: int = 0
    ) -> None:
        super().__init__()
        self._key = key
        self._instance = instance
        self._gone = gone
        self._chat = Chat()
        self._last: int | _Last = _Last.UNKNOWN  # sequence of the chat's last event; read for an erasure only
        self._log_end: LogEnd = IN_STEP
        self._yielding: asyncio.TimerHandle | None = None
        self._let_go = False
        self._sets_aside = breaks >= MOST_BREAKS
        self._unsettled = False  # messages have come since the last look at the pending work
        self._commands: deque[Command] | None = None
        self._appending: asyncio.Task[None] | None = None
        self._in_flight = InFlight(key, instance, self._tell)
        self._naming = Naming(key, instance, self._in_flight)
        self._profiles = ChatProfiles(key, instance, self._in_flight)

    def on_start(self) -> None:
        self._chat = self._instance.reads.snapshot(self._key)
        self._settle()

    def on_receive(self, message: Any) -> None:
        before = self._chat
        match message:
            case Stored(recorded):
                self._take_in(recorded)
            case AppendDone(decision, appended, msg_id):
                self._appending, self._log_end = None, IN_STEP
                self._apply(decision, appended, msg_id)
            case AppendRefused(decision, error):
                self._appending = None
                self._recover(decision, error)
            case EffectDone(effect, commands):
                if self._in_flight.ended(effect):
                    self._queue(*commands)
            case Passivate():
                self._settle()
                self._passivate()
                return
            case YieldOver():
                self._yielding = None
            case Owned(is_ours):
                self._let_go = not is_ours
            case LookAgain():
                pass
            case EffectBroke(error):
                raise error
            case _:
                super().on_receive(message)
        # Settle when the inbox is empty: a flood of messages then needs one look at the pending work, not one each.
        # A receipt, or a decision of our own from the tail, leaves the state unchanged and adds no work.
        self._unsettled |= self._chat is not before or not isinstance(message, Stored)
        if self._unsettled and self.actor_inbox.empty():
            self._unsettled = False
            self._settle()

    def on_stop(self) -> None:
        self._in_flight.drop()
        self._instance.slots.give_back(self._key)
        self._instance.contexts.forget(self._key)
        self._instance.note_waiting(self._key, waits=False)
        if self._yielding is not None:
            self._yielding.cancel()
        if self._appending is not None:
            self._appending.cancel()

    def on_failure(
        self,
        exception_type: type[BaseException] | None,  # noqa: ARG002 - pykka's signature
        exception_value: BaseException | None,
        traceback: TracebackType | None,  # noqa: ARG002
    ) -> None:
        self.on_stop()
        self._gone(exception_value or RuntimeError("the actor could not start"))

    def _take_in(self, recorded: Recorded) -> None:
        if recorded.side == "o" and recorded.seq > self._chat.decision_seq and not self._is_mine(recorded):
            self._yield(_YIELD)
        waited = len(self._chat.waiting)
        self._evolve(recorded)
        if len(self._chat.waiting) > waited:
            self._in_flight.person_wrote(first=waited == 0)

    def _evolve(self, recorded: Recorded) -> None:
        if isinstance(self._last, int):
            self._last = _Last.UNKNOWN
        ran = self._chat.turn is not None
        if recorded.seq > (self._chat.inbound_seq if recorded.side == "i" else self._chat.decision_seq):
            self._instance.contexts.hear(recorded, self._chat)
        self._chat = evolve(self._chat, recorded)
        if ran and self._chat.turn is None:
            # Chats that wait for a slot come before this chat's next turn.
            self._instance.slots.give_back(self._key)

    def _settle(self) -> None:
        """Decide due work, keep pending effects in flight, cancel the others. No decision while an append is out."""
        while self._appending is None and (expects := self._expected) is not None:
            now = self._instance.bus_time.now()
            answering = self._profiles.now(self._chat)
            todo = self._todo(answering, now) if answering is not None else None
            if answering is None or todo is None:
                return
            effects = [work for work in todo if isinstance(work, Effect)]
            command: Command | None = next((work for work in todo if isinstance(work, Due)), None)
            if self._sets_aside and self._has_turn_or_none:
                self._sets_aside = False
                command = SetAside()
            else:
                self._queue(*self._in_flight.keep(effects, answering.turn, undecided=bool(self._commands)))
            turn = self._chat.turn
            takes_over = isinstance(command, Adopt | SetAside) and not self._has_turn
            if takes_over and turn is not None and self._is_anothers(turn):
                return
            if command is None:
                if not self._commands:
                    return
                command = self._commands.popleft()
            facts = self._facts(command, answering.of(command))
            if facts is None:
                return
            decision = decide(self._chat, command, facts)
            if decision is not None:
                self._start_append(decision, expects)
            elif isinstance(command, Answered | Failed):
                log.info("late_answer_dropped", chat=self._key.chat, turn=command.turn)

    def _todo(self, answering: AnsweredBy, now: datetime) -> tuple[Due | Effect, ...] | None:
        """The pending work that is done here; None if the actor leaves."""
        todo = self._profiles.pending(self._chat, answering, now)
        if self._let_go:
            if not self._has_turn or answering.turn.lacks or any(isinstance(work, StartAgain) for work in todo):
                self._leave()
                return None
            todo = tuple(
                work for work in todo if isinstance(work, Work | Ask) and not isinstance(work, StopRun | Erase)
            )
        if not self._naming.is_settled(self._chat):
            todo = tuple(work for work in todo if not isinstance(work, EndBurst))
        return todo

    @property
    def _expected(self) -> int | None:
        """Sequence of the decision after which the next one is appended; None while the tail has to bring it."""
        return expected(self._log_end, self._chat.decision_seq)

    @property
    def _has_turn(self) -> bool:
        """True if a turn of this incarnation runs."""
        return self._chat.turn is not None and self._chat.turn.by == self._instance.incarnation

    @property
    def _has_turn_or_none(self) -> bool:
        """True if no other incarnation's turn runs."""
        return self._chat.turn is None or self._has_turn

    def _is_anothers(self, turn: Turn) -> bool:
        """True if the turn is left to another instance for now: to one that has just decided about the chat, or to the
        former owner, which let go of the chat and finishes the turn."""
        if self._yielding is None and self._instance.is_finishing(turn.by):
            self._yield(_STILL_FINISHING)
        return self._yielding is not None

    def _facts(self, command: Command, answering: Answering) -> Facts | None:
        """The facts for this decision; None if some of them are not known yet."""
        instance = self._instance
        failed, unread = tuple[str, ...](), tuple[str, ...]()
        if isinstance(command, Obey) and command.control.command == "erase" and isinstance(self._last, _Last):
            if self._last is _Last.UNKNOWN:
                self._last = _Last.ASKED
                self._in_flight.start(last_known(instance, self._key), self._know_last)
            return None
        if isinstance(command, Obey) and command.control.command == "retry":
            if instance.progress.checkpoint < self._chat.decision_seq:
                self._in_flight.start(instance.progress.reached(self._chat.decision_seq), lambda _: LookAgain())
                return None
            failed = instance.reads.failed(self._key, command.control.messages)
            unread = instance.reads.unread(self._key, failed)
        now = instance.bus_time.now()
        last = self._last if isinstance(self._last, int) else 0
        return facts_for(instance, answering, self._key, command, now, failed=failed, unread=unread, last=last)

    def _know_last(self, seq: int) -> LookAgain:
        self._last = seq or _Last.UNKNOWN
        return LookAgain()

    def _start_append(self, decision: Decision, expects: int) -> None:
        held = held_by(self._chat, decision)

        async def tell_outcome() -> None:
            try:
                appended, msg_id = await append(self._instance, self._key, decision, expects, held)
            except (WrongExpectedVersion, EventTooLarge) as error:
                self.actor_ref.tell(AppendRefused(decision, error))
            else:
                self.actor_ref.tell(AppendDone(decision, appended, msg_id))

        self._appending = asyncio.create_task(tell_outcome())
        self._appending.add_done_callback(self._in_flight.surface)

    def _apply(self, decision: Decision, appended: Appended, msg_id: str) -> None:
        type_, at = TYPE_OF[type(decision)], decision.at
        if isinstance(decision, TurnStarted) and decision.cause is None and appended.seq > self._chat.decision_seq:
            self._in_flight.turn_started(decision.turn, after=self._chat.decision_seq)
        self._evolve(Recorded(appended.seq, self._key, "o", type_, at, msg_id, decision))
        note(self._key, decision)

    def _recover(self, decision: Decision, error: WrongExpectedVersion | EventTooLarge) -> None:
        if isinstance(error, EventTooLarge):
            turn = decision.turn if isinstance(decision, Reply | ToolCalled | ToolReturned) else None
            if turn is None:
                raise error
            self._queue(Failed(turn, "malformed_answer", Detail.TEXT_TOO_LONG.said(error=error)))
            return
        if isinstance(decision, Erased) and error.actual == error.expected:
            self._last = _Last.UNKNOWN  # an event came meanwhile
            return
        metrics.conflicts.inc()
        log.warning("conflict", chat=self._key.chat, expected=error.expected, actual=error.actual)
        self._log_end = after_conflict(error)
        if isinstance(self._log_end, Shorter):
            return  # no other instance decides
        self._commands = None
        self._in_flight.drop()
        self._yield(_YIELD)

    def _is_mine(self, recorded: Recorded) -> bool:
        return recorded.msg_id.rpartition(":")[0] == self._instance.incarnation

    def _yield(self, seconds: float) -> None:
        if self._yielding is not None:
            self._yielding.cancel()
        self._yielding = asyncio.get_running_loop().call_later(seconds, self.actor_ref.tell, YieldOver())

    def _queue(self, *commands: Command) -> None:
        if commands and self._commands is None:
            self._commands = deque()
        if self._commands is not None:
            self._commands.extend(commands)

    def _passivate(self) -> None:
        chat = self._chat
        idle = self._appending is None and self._yielding is None and not self._in_flight and not self._commands
        idle = idle and self._expected is not None and not self._instance.slots.is_waiting(self._key)
        if (
            idle
            and self.actor_inbox.empty()
            and self._instance.progress.checkpoint >= max(chat.inbound_seq, chat.decision_seq)
        ):
            self._leave()

    def _leave(self) -> None:
        self._gone(None)
        self.stop()

    def _tell(self, message: Any) -> None:
        if self.actor_ref.is_alive():
            self.actor_ref.tell(message)
