"""Effects of a chat that are in flight: each is a task or a timer that tells its outcome to the chat's actor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from actors.answering import Answering
from actors.effects import Work, perform
from actors.instance import Instance
from actors.leases.fence import Fenced
from actors.messages import EffectBroke, EffectDone, LookAgain
from chat.debounce import Burst
from chat.work import (
    CallIn,
    CallTool,
    CreateThread,
    Effect,
    EndBurst,
    Erase,
    Joining,
    ReadMedia,
    Resume,
    StopRun,
    TellToWait,
    WriteReply,
)
from events.subjects import ChatKey

_NO_ROOM = 1.0
"""Seconds until a turn checks again whether the log has room."""

STOPS_WITHIN = 2.0
"""Seconds for which the second model waits until the first one's run is stopped."""


class InFlight:
    """The effects of the chat `key` that have begun and not ended. `tell` sends a message to the chat's actor."""

    __slots__ = (
        "_before",
        "_burst",
        "_effects",
        "_holds",
        "_instance",
        "_key",
        "_seen_to",
        "_started",
        "_tell",
        "_turn",
    )

    def __init__(self, key: ChatKey, instance: Instance, tell: Callable[[Any], None]) -> None:
        self._key = key
        self._instance = instance
        self._tell = tell
        self._turn, self._before = "", 0
        self._holds = "", 0.0  # the turn that waits for a run to be stopped, and since when
        self._effects: dict[Effect, asyncio.Task[None] | asyncio.TimerHandle] = {}
        self._started: set[asyncio.Task[None]] = set()  # whose outcome a chat that sleeps would not hear
        self._seen_to: tuple[StopRun | CallIn, ...] = ()  # done already, though pending for some time to come
        now = asyncio.get_running_loop().time()
        self._burst = Burst(now, now)

    def __bool__(self) -> bool:
        return bool(self._effects or self._started)

    def person_wrote(self, *, first: bool) -> None:
        """Extend the burst by a message that has come, or begin one if the message is the `first` that waits."""
        self._burst.person_wrote(asyncio.get_running_loop().time(), first=first)

    def turn_started(self, turn: str, after: int) -> None:
        """Note the sequence of the decision before `turn`; the turn's messages were open until then.

        The turn's context is complete once the projection has reached `after`. So the turn need not wait for the commit
        of its own beginning, which is 1 to 2 ms of every reply.
        """
        self._turn, self._before = turn, after

    def ended(self, effect: Effect) -> bool:
        """Take out an effect that has told its outcome; False if it had been cancelled before."""
        if isinstance(effect, StopRun | CallIn):
            self._seen_to = (*self._seen_to, effect)
        return self._effects.pop(effect, None) is not None

    def keep(self, pending: Sequence[Effect], answering: Answering, *, undecided: bool) -> list[EndBurst]:
        """Begin the `pending` effects, and cancel those no longer pending. Returns bursts that are over already. The
        turn, or the next one, is answered by `answering`.

        While an outcome is `undecided`, no effect of the turn begins.
        """
        for effect in [effect for effect in self._effects if effect not in pending]:
            self._effects.pop(effect).cancel()
        self._seen_to = tuple(done for done in self._seen_to if done in pending)
        over = []
        for effect in pending:
            if effect in self._effects or effect in self._seen_to:
                continue
            if isinstance(effect, EndBurst):
                over += self._begin_burst(effect, answering)
            elif isinstance(effect, Resume | TellToWait):
                wait = (effect.at - self._instance.bus_time.now()).total_seconds()
                self._after(wait, effect)
            elif self._is_held(effect, pending):
                continue
            elif isinstance(effect, StopRun | Erase | Joining) or (not undecided and self._has_slot(answering)):
                self._effects[effect] = self._begin(effect, answering)
        if all(isinstance(effect, Resume | StopRun | Erase | Joining) for effect in pending):
            self._instance.slots.give_back(self._key)
        return over

    def _is_held(self, effect: Effect, pending: Sequence[Effect]) -> bool:
        """True if the second model still waits for the end of the first one's run; STOPS_WITHIN at most."""
        if not isinstance(effect, WriteReply) or not effect.turn.fallback:
            return False
        stopping = any(isinstance(other, StopRun) and other not in self._seen_to for other in pending)
        turn, since = self._holds
        now = asyncio.get_running_loop().time()
        if stopping and turn != effect.turn.id:
            since = now
            self._holds = effect.turn.id, now
            asyncio.get_running_loop().call_later(STOPS_WITHIN, self._look_again)
        return stopping and now < since + STOPS_WITHIN

    def _begin(self, work: Work, answering: Answering) -> asyncio.Task[None]:
        context_at = 0
        if not isinstance(work, ReadMedia | CreateThread | CallTool | StopRun | Erase | Joining):
            context_at = self._before if self._turn == work.turn.id else work.turn.seq
        doing = perform(self._instance, answering, self._key, work, context_at)
        return self.start(doing, lambda commands: EffectDone(work, commands))

    def start(self, work: Coroutine[Any, Any, Any], message_of: Callable[[Any], Any]) -> asyncio.Task[None]:
        """Do `work` in a task, and tell the actor the message that `message_of` makes of the outcome."""

        async def tell_outcome() -> None:
            self._tell(message_of(await work))

        task = asyncio.create_task(tell_outcome())
        self._started.add(task)
        task.add_done_callback(self._started.discard)
        task.add_done_callback(self.surface)
        return task

    def surface(self, task: asyncio.Task[None]) -> None:
        """Tell the actor of a defect in `task`. Fenced is none: the whole instance gives up its chats then."""
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, Fenced):
            self._tell(EffectBroke(error))

    def drop(self) -> None:
        """Cancel all effects."""
        for effect in self._effects.values():
            effect.cancel()
        self._effects.clear()

    def _has_slot(self, answering: Answering) -> bool:
        profile = answering.profile.partition("@")[0]
        return self._instance.slots.take(self._key, self._look_again, profile, answering.max_runs)

    def _begin_burst(self, effect: EndBurst, answering: Answering) -> list[EndBurst]:
        wait = self._burst.ends(answering.debounce) - asyncio.get_running_loop().time()
        if not self._instance.has_room:
            self._effects[effect] = asyncio.get_running_loop().call_later(_NO_ROOM, self._look_for_room, effect)
        elif wait > 0:
            self._after(wait, effect)
        elif self._has_slot(answering):
            return [effect]
        return []

    def _after(self, seconds: float, effect: EndBurst | Resume | TellToWait) -> None:
        # The wait ends in another look: a burst then needs a slot, and the bus's clock may have been corrected.
        done = EffectDone(effect, () if isinstance(effect, EndBurst) else (effect,))
        self._effects[effect] = asyncio.get_running_loop().call_later(seconds, self._tell, done)

    def _look_for_room(self, effect: EndBurst) -> None:
        self._effects.pop(effect, None)
        self._look_again()

    def _look_again(self) -> None:
        self._tell(LookAgain())
