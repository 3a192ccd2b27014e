"""Finds a chat's actor or wakes it, and lets idle ones go."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pykka
import structlog

from actors import metrics
from actors.chat_actor import ChatActor
from actors.instance import Instance
from actors.letters import Committed, Passivate
from events.ids import ChatKey
from events.inbound import Edit, Receipt, Revoke
from events.recorded import Recorded

log = structlog.get_logger("recado.actors")

_UNCONCERNED = (Receipt, Edit, Revoke)
"""What comes in and changes nothing in the state of a chat: it wakes nobody."""

_AT_ONCE = 100
"""Chats that are woken in one go when work is taken over; then the loop has its turn."""

_BREATH = 0.02
"""Seconds between two slices: enough for the first one to have its appends under way."""

_BUSY = 200
"""Runs and appends under way from which no further chat is woken, so that a backlog does not drown the bus."""

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
"""Seconds until a broken actor is woken again; doubled each time."""


class Router:
    """The instance's actors by chat. All of it runs on the loop."""

    def __init__(self, instance: Instance, *, idle_after: float = 60.0, sweep_every: float = 5.0) -> None:
        self._instance = instance
        self._idle_after = idle_after
        self._sweep_every = sweep_every
        self._live: dict[ChatKey, pykka.ActorRef[ChatActor]] = {}
        self._touched: dict[ChatKey, float] = {}
        self._pauses: dict[ChatKey, float] = {}
        self._resting: dict[ChatKey, asyncio.TimerHandle] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._open = False

    def __len__(self) -> int:
        return len(self._live)

    @property
    def is_open(self) -> bool:
        return self._open

    def open(self) -> None:
        """Own the chats: wake every one that owes work. Call it between two batches of the projection's runner.

        A chat that waits to be woken has its whole state in the projection, and a message wakes it at once.
        """
        if self._open:
            return
        self._open = True
        owing = self._instance.reads.owing()
        self._tasks = [asyncio.create_task(self._wake_all(owing)), asyncio.create_task(self._sweep())]
        metrics.owner.set(1)
        log.info("taking_work", owing=len(owing))

    async def close(self) -> None:
        """Let go of every chat at once; what is under way is dropped and will be owed by whoever comes next."""
        self._open = False
        metrics.owner.set(0)
        for handle in self._resting.values():
            handle.cancel()
        self._resting.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for ref in list(self._live.values()):
            if ref.is_alive():
                ref.stop(block=False)
        self._live.clear()
        self._touched.clear()
        metrics.live_actors.set(0)
        await asyncio.sleep(0)

    async def drain(self, patience: float) -> int:
        """Start no turn any more and wait up to `patience` seconds for those that run; returns how many still do."""
        self._instance.drains = True
        until = asyncio.get_running_loop().time() + patience
        quiet = 0
        while quiet < 2 and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.02)
            # Twice, because an answer that has just come is between the run and its append.
            quiet = 0 if self._instance.busy else quiet + 1
        return self._instance.busy

    def dispatch(self, batch: Sequence[Recorded]) -> None:
        """Committed events, in log order: each goes to its chat's actor. A decision wakes nobody."""
        if not self._open:
            return
        now = asyncio.get_running_loop().time()
        for recorded in batch:
            if recorded.repeat or isinstance(recorded.event, _UNCONCERNED):
                continue
            ref = self._live.get(recorded.key)
            if ref is None or not ref.is_alive():
                if recorded.side == "i" and recorded.key not in self._resting:
                    self._wake(recorded.key)
                continue
            self._touched[recorded.key] = now
            ref.tell(Committed(recorded))

    async def _wake_all(self, keys: Sequence[ChatKey]) -> None:
        for number, key in enumerate(keys, 1):
            if key not in self._live and key not in self._resting:
                self._wake(key)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(_BREATH)
            while self._instance.busy > _BUSY:  # noqa: ASYNC110 - only during a takeover, and nothing tells of it
                await asyncio.sleep(_BREATH)

    def _wake(self, key: ChatKey) -> None:
        """Start the chat's actor from its snapshot, which holds every committed event."""

        def gone(error: BaseException | None) -> None:
            self._forget(key, error)

        self._touched[key] = asyncio.get_running_loop().time()
        ref = ChatActor.start(key, self._instance, gone)
        if ref.is_alive():
            self._live[key] = ref
            metrics.live_actors.set(len(self._live))

    def _forget(self, key: ChatKey, error: BaseException | None) -> None:
        self._live.pop(key, None)
        self._touched.pop(key, None)
        metrics.live_actors.set(len(self._live))
        if error is None:
            self._pauses.pop(key, None)
        if error is None or not self._open:
            return
        metrics.actor_failures.inc()
        pause = self._pauses.get(key, _FIRST_PAUSE)
        self._pauses[key] = min(pause * 2, _LONGEST_PAUSE)
        log.error("actor_broke", chat=key.chat, wakes_in=pause, exc_info=error)
        self._resting[key] = asyncio.get_running_loop().call_later(pause, self._wake_again, key)

    def _wake_again(self, key: ChatKey) -> None:
        del self._resting[key]
        self._wake(key)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_every)
            before = asyncio.get_running_loop().time() - self._idle_after
            for key in [key for key, touched in self._touched.items() if touched < before]:
                ref = self._live.get(key)
                if ref is not None and ref.is_alive():
                    ref.tell(Passivate())
