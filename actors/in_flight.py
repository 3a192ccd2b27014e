"""Effects of a chat that are in flight: each is a task or a timer that tells its outcome to the chat's actor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from actors.effects import Work, perform
from actors.instance import Instance
from actors.leases.fence import Fenced
from actors.messages import EffectBroke, EffectDone, LookAgain
from chat.debounce import Burst
from chat.work import CallTool, CreateThread, Effect, EndBurst, Erase, ReadMedia, Resume, StopRun
from events.subjects import ChatKey

_NO_ROOM = 1.0
"""Seconds until a turn looks again whether the log has room."""


class InFlight:
    """The effects of the chat `key` that have been begun and not come to their end. `tell` writes to its actor."""

    __slots__ = (
        "_before",
        "_burst",
        "_effects",
        "_instance",
        "_key",
        "_seen_to",
        "_tell",
        "_turn",
    )

    def __init__(self, key: ChatKey, instance: Instance, tell: Callable[[Any], None]) -> None:
        self._key = key
        self._instance = instance
        self._tell = tell
        self._turn, self._before = "", 0
        self._effects: dict[Effect, asyncio.Task[None] | asyncio.TimerHandle] = {}
        self._seen_to: tuple[StopRun, ...] = ()  # runs that were stopped, which is owed until they are old
        now = asyncio.get_running_loop().time()
        self._burst = Burst(now, now)

    def __bool__(self) -> bool:
        return bool(self._effects)

    def somebody_wrote(self, *, first: bool) -> None:
        """A message came: the burst goes on, or begins with it if it is the `first` that waits."""
        self._burst.somebody_wrote(asyncio.get_running_loop().time(), first=first)

    def turn_started(self, turn: str, after: int) -> None:
        """The decision before this turn stands at `after`; its messages were open until then.

        So its context is all there once the projection has seen that, and the turn need not wait for the commit of its
        own beginning: 1 to 2 ms of every reply.
        """
        self._turn, self._before = turn, after

    def ended(self, effect: Effect) -> bool:
        """The effect has told its outcome; False if it had been dropped before."""
        if isinstance(effect, StopRun):
            self._seen_to = (*self._seen_to, effect)
        return self._effects.pop(effect, None) is not None

    def keep(self, owed: Sequence[Effect], *, undecided: bool) -> list[EndBurst]:
        """Begin what is owed and not under way, drop what is no longer owed; the bursts that are over already.

        Nothing is begun for the turn while an outcome is `undecided`.
        """
        for effect in [effect for effect in self._effects if effect not in owed]:
            self._effects.pop(effect).cancel()
        self._seen_to = tuple(stray for stray in self._seen_to if stray in owed)
        over = []
        for effect in owed:
            if effect in self._effects or effect in self._seen_to:
                continue
            if isinstance(effect, EndBurst):
                over += self._begin_burst(effect)
            elif isinstance(effect, Resume):
                wait = (effect.at - self._instance.bus_time.now()).total_seconds()
                self._after(wait, effect)
            elif isinstance(effect, StopRun | Erase) or (not undecided and self._has_slot()):
                self._effects[effect] = self._begin(effect)
        if all(isinstance(effect, Resume | StopRun | Erase) for effect in owed):
            self._instance.slots.give_back(self._key)
        return over

    def _begin(self, work: Work) -> asyncio.Task[None]:
        context_at = 0
        if not isinstance(work, ReadMedia | CreateThread | CallTool | StopRun | Erase):
            context_at = self._before if self._turn == work.turn.id else work.turn.seq
        doing = perform(self._instance, self._key, work, context_at)
        return self.start(doing, lambda commands: EffectDone(work, commands))

    def start(self, work: Coroutine[Any, Any, Any], letter: Callable[[Any], Any]) -> asyncio.Task[None]:
        """Do `work` beside, and tell the actor the `letter` that is made of its outcome."""

        async def tell_outcome() -> None:
            self._tell(letter(await work))

        task = asyncio.create_task(tell_outcome())
        task.add_done_callback(self.surface)
        return task

    def surface(self, task: asyncio.Task[None]) -> None:
        """Tell the actor if `task` broke (not merely failed). One that was fenced leaves the actor as it is: the whole
        instance gives up its chats."""
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, Fenced):
            self._tell(EffectBroke(error))

    def drop(self) -> None:
        """Give everything up."""
        for effect in self._effects.values():
            effect.cancel()
        self._effects.clear()

    def _has_slot(self) -> bool:
        return self._instance.slots.take(self._key, self._look_again)

    def _begin_burst(self, effect: EndBurst) -> list[EndBurst]:
        wait = self._burst.ends(self._instance.debounce) - asyncio.get_running_loop().time()
        if not self._instance.has_room:
            self._effects[effect] = asyncio.get_running_loop().call_later(_NO_ROOM, self._look_for_room, effect)
        elif wait > 0:
            self._after(wait, effect)
        elif self._has_slot():
            return [effect]
        return []

    def _after(self, seconds: float, effect: EndBurst | Resume) -> None:
        # When its time has come it is looked at again: a burst needs a slot then, and time may have been put right.
        done = EffectDone(effect, (effect,) if isinstance(effect, Resume) else ())
        self._effects[effect] = asyncio.get_running_loop().call_later(seconds, self._tell, done)

    def _look_for_room(self, effect: EndBurst) -> None:
        self._effects.pop(effect, None)
        self._look_again()

    def _look_again(self) -> None:
        self._tell(LookAgain())
