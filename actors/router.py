"""Finds or wakes the actors of the chats in this instance's partitions, and passivates idle ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence

import pykka
import structlog

from actors import metrics
from actors.chat_actor import ChatActor
from actors.instance import Instance
from actors.messages import LookAgain, Owned, Passivate, Stored
from chat.unsent import is_unsent
from events.inbound import Edit, Message, Receipt, Revoke
from events.jid import is_group
from events.recorded import Recorded
from events.subjects import ChatKey, partition

log = structlog.get_logger("recado.actors")

_WAKES_NOBODY = (Edit, Revoke, Receipt)
"""Inbound events that matter only to work under way: an actor that wakes later finds them in its snapshot. A receipt of
a reply that may not have arrived wakes its chat all the same."""

MOST_AWAKE = 100_000
"""Chats in memory. At this number no further one is woken: its whole state waits in the projection."""

_AT_ONCE = 100
"""Chats that are woken in one slice when work is taken over; between two slices the loop has its turn."""

_BREATH = 0.02
"""Seconds between two slices: in this time the first slice begins its appends."""

_BUSY = 200
"""Appends, and effects without a slot, under way. Above this number no further slice is woken, so that a backlog does
not drown the bus. Turns do not count: their slots limit them, and long ones of one account would keep the chats of
others asleep."""

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
"""Seconds until a broken actor is woken again: the first pause, which doubles each time, and the longest."""

_MOST_DOUBLINGS = 16
"""More would give a number that no float holds, in the end."""


class _Awake:
    """A chat in memory.

    - `ref`: its actor.
    - `touched`: the loop's time of its last event.
    - `waits_for`: events come to it before their commit only after the projection has reached this sequence.
    - `delivered_early`: sequence of the last event that came to it before its commit.
    """

    __slots__ = ("delivered_early", "ref", "touched", "waits_for")

    def __init__(self, ref: pykka.ActorRef[ChatActor], touched: float, waits_for: int) -> None:
        self.ref = ref
        self.touched = touched
        self.waits_for = waits_for
        self.delivered_early = 0


class Router:
    """The instance's actors by chat. All of it runs on the loop.

    A chat is in one of four states:

    - asleep: in none of the collections. Its whole state is in the projection.
    - awake: in `_live`.
    - finishing: in `_live` and in `_finishing`. It was let go of, and leaves after its running turn.
    - resting: in `_resting`. Its actor broke, and is started again after a pause.
    """

    def __init__(
        self,
        instance: Instance,
        *,
        idle_after: float = 60.0,
        sweep_every: float = 5.0,
        most_awake: int = MOST_AWAKE,
    ) -> None:
        self._instance = instance
        self._idle_after = idle_after
        self._sweep_every = sweep_every
        self._most_awake = most_awake
        self._owned: set[int] = set()
        self._live: dict[ChatKey, _Awake] = {}
        self._read_upto = 0
        self._finishing: set[ChatKey] = set()
        self._all_finished = asyncio.Event()
        self._all_finished.set()
        self._breaks: dict[ChatKey, int] = {}
        self._resting: dict[ChatKey, asyncio.TimerHandle] = {}
        self._to_search: dict[int, None] = {}  # partitions in which sleeping chats may have pending work, in order
        self._search = asyncio.Event()
        self._unsent: set[ChatKey] = set()  # chats with a reply that may not have arrived, since this start
        self._tasks: list[asyncio.Task[None]] = []

    def __len__(self) -> int:
        return len(self._live)

    @property
    def owned(self) -> frozenset[int]:
        """The partitions whose chats are answered here."""
        return frozenset(self._owned)

    @property
    def finishing(self) -> int:
        """Number of chats that were let go of and whose running turn is still finished here."""
        return len(self._finishing)

    def take(self, partitions: Collection[int]) -> None:
        """Own these partitions too. Their chats wake for new messages from now on, and for work pending already.

        A chat that waits to be woken has its whole state in the projection, and a message wakes it at once.
        """
        fresh = set(partitions) - self._owned
        if not fresh:
            return
        self._owned |= fresh
        for key in [key for key in self._finishing if partition(key) in fresh]:
            self._finishing.discard(key)
            self._note_finishing()
            self._live[key].ref.tell(Owned(is_ours=True))
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._wake_pending()), asyncio.create_task(self._sweep())]
        self._search_in(fresh)
        log.info("taking_work", partitions=len(self._owned), new=len(fresh))

    def let_go(self, partitions: Collection[int], *, finish: bool) -> None:
        """Give up these partitions. With `finish`, turns that run here are finished first; else all is dropped."""
        lost = self._owned.intersection(partitions)
        self._owned -= lost
        for number in lost:
            self._to_search.pop(number, None)
        for key in [key for key in self._resting if partition(key) in lost]:
            self._resting.pop(key).cancel()
        for key, awake in [(key, awake) for key, awake in self._live.items() if partition(key) in lost]:
            if finish:
                self._finishing.add(key)
                self._note_finishing()
                awake.ref.tell(Owned(is_ours=False))
            else:
                self._drop(key, awake)

    async def finished(self, patience: float) -> None:
        """Return when no turn is left to finish, or after `patience` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._all_finished.wait()

    async def close(self) -> None:
        """Let go of every chat at once, and drop the work under way: it stays pending for the chats' next owner."""
        self._owned.clear()
        self._to_search.clear()
        for handle in self._resting.values():
            handle.cancel()
        self._resting.clear()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for key, awake in list(self._live.items()):
            self._drop(key, awake)
        await asyncio.sleep(0)

    def deliver_early(self, batch: Sequence[Recorded]) -> bool:
        """Deliver events that the projection does not have yet, in log order, to the chats in memory.

        Returns whether a chat waits for the projection to have them: one that is to be woken, or was woken just now.
        """
        self._read_upto = batch[-1].seq
        waits, due = False, list[tuple[_Awake, Recorded]]()
        for recorded in batch:
            if self._is_nobodys(recorded):
                continue
            awake = self._live.get(recorded.key)
            if awake is None or not awake.ref.is_alive():
                waits = waits or self._wakes(recorded)
            elif self._instance.progress.checkpoint < awake.waits_for:
                awake.waits_for, waits = recorded.seq, True
                self._instance.contexts.forget(recorded.key)
            else:
                due.append((awake, recorded))
        messages = [recorded for _, recorded in due if isinstance(recorded.event, Message)]
        repeats = self._instance.reads.repeats(messages) if messages else ()
        now = asyncio.get_running_loop().time()
        for awake, recorded in due:
            awake.touched, awake.delivered_early = now, recorded.seq
            if recorded.seq not in repeats:
                awake.ref.tell(Stored(recorded))
        return waits

    def look_again(self, key: ChatKey) -> None:
        """Have a chat in memory look at its pending work: its name stands for another one now."""
        awake = self._live.get(key)
        if awake is not None and awake.ref.is_alive():
            awake.ref.tell(LookAgain())

    def profiles_changed(self, is_changed: Callable[[ChatKey], bool], some_waited: bool) -> None:
        """Have each chat in memory that is answered by another profile from now on look at its pending work; with
        `some_waited`, look for that of sleeping chats too."""
        for key in [key for key in self._live if is_changed(key)]:
            self.look_again(key)
        if some_waited:
            self._search_in(self._owned)

    def search_again(self) -> None:
        """Look for pending work in all chats: some may have waited for what is there now."""
        self.profiles_changed(lambda _: True, some_waited=True)

    def dispatch(self, batch: Sequence[Recorded]) -> None:
        """Deliver committed events, in log order, each to its chat's actor, unless it was delivered early. A decision
        wakes no chat."""
        if not self._owned and not self._live:
            return
        now = asyncio.get_running_loop().time()
        for recorded in batch:
            if recorded.repeat or self._is_nobodys(recorded):
                continue
            awake = self._live.get(recorded.key)
            if awake is not None and awake.ref.is_alive():
                if recorded.seq > awake.delivered_early:
                    awake.touched = now
                    awake.ref.tell(Stored(recorded))
            elif self._wakes(recorded):
                if len(self._live) < self._most_awake:
                    self._wake(recorded.key)
                else:
                    self._search_in([partition(recorded.key)])

    def _wakes(self, recorded: Recorded) -> bool:
        """True if the event wakes its chat if the chat sleeps."""
        event = recorded.event
        wakes_nobody = isinstance(event, _WAKES_NOBODY) and not (isinstance(event, Receipt) and is_unsent(event))
        if recorded.side == "o" or wakes_nobody or recorded.key in self._resting:
            return False
        return partition(recorded.key) in self._owned

    def _is_nobodys(self, recorded: Recorded) -> bool:
        """True if the event is a receipt that its chat does not need. A group needs it: it names a reply for quotes. So
        does a chat whose reply may not have arrived."""
        event, key = recorded.event, recorded.key
        if not isinstance(event, Receipt) or is_group(key.chat):
            return False
        if is_unsent(event):
            self._unsent.add(key)
            return False
        return key not in self._unsent

    def _search_in(self, partitions: Collection[int]) -> None:
        self._to_search.update(dict.fromkeys(partitions))
        self._search.set()

    async def _wake_pending(self) -> None:
        """Wake the chats that have pending work, as far as there is room; the others later."""
        while True:
            await self._search.wait()
            self._search.clear()
            while self._to_search:
                number = next(iter(self._to_search))
                del self._to_search[number]
                if await self._wake_in(number):
                    continue
                self._to_search[number] = None
                metrics.backlog.set(1)
                self._passivate_idle(0.0)
                await asyncio.sleep(1.0)
            metrics.backlog.set(0)

    async def _wake_in(self, number: int) -> bool:
        """Wake the chats of one partition; False if there is no room for all of them."""
        # Events that were read before the partition was ours may not be in the projection yet.
        await self._instance.progress.reached(self._read_upto)
        after = 0
        while pending := self._instance.reads.pending(number, after, _AT_ONCE):
            for row, key in pending:
                if number not in self._owned:
                    return True
                if key not in self._live and key not in self._resting:
                    if len(self._live) >= self._most_awake:
                        return False
                    self._wake(key)
                after = row
            await asyncio.sleep(_BREATH)
            while self._instance.busy > _BUSY:  # noqa: ASYNC110 - only during a takeover, and nothing tells of it
                await asyncio.sleep(_BREATH)
        return True

    def _wake(self, key: ChatKey) -> None:
        """Start the chat's actor from its snapshot, which holds every committed event."""

        def gone(error: BaseException | None) -> None:
            self._forget(key, error)

        ref = ChatActor.start(key, self._instance, gone, self._breaks.get(key, 0))
        if ref.is_alive():
            self._live[key] = _Awake(ref, asyncio.get_running_loop().time(), self._read_upto)
            metrics.live_actors.set(len(self._live))

    def _drop(self, key: ChatKey, awake: _Awake) -> None:
        if awake.ref.is_alive():
            awake.ref.stop(block=False)
        self._remove(key)

    def _remove(self, key: ChatKey) -> None:
        self._live.pop(key, None)
        self._finishing.discard(key)
        self._note_finishing()
        metrics.live_actors.set(len(self._live))

    def _note_finishing(self) -> None:
        if self._finishing:
            self._all_finished.clear()
        else:
            self._all_finished.set()

    def _forget(self, key: ChatKey, error: BaseException | None) -> None:
        """Forget an actor that has left; wake one that broke again after a pause."""
        self._remove(key)
        if error is None:
            self._breaks.pop(key, None)
            return
        if partition(key) not in self._owned:
            return
        metrics.actor_failures.inc()
        before = self._breaks.get(key, 0)
        self._breaks[key] = before + 1
        pause = min(_FIRST_PAUSE * 2 ** min(before, _MOST_DOUBLINGS), _LONGEST_PAUSE)
        log.error("actor_broke", chat=key.chat, wakes_in=pause, exc_info=error)
        self._resting[key] = asyncio.get_running_loop().call_later(pause, self._wake_again, key)

    def _wake_again(self, key: ChatKey) -> None:
        del self._resting[key]
        self._wake(key)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_every)
            self._passivate_idle(self._idle_after)

    def _passivate_idle(self, seconds: float) -> None:
        before = asyncio.get_running_loop().time() - seconds
        for awake in [awake for awake in self._live.values() if awake.touched < before]:
            if awake.ref.is_alive():
                awake.ref.tell(Passivate())
