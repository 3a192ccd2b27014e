"""One instance over the in-memory log: real actors, router and projection (in memory), and a model played by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from actors.answering import Answering, Means, OneProfile, Policy, Profiles
from actors.chat_actor import ChatActor
from actors.instance import Instance, Parts
from actors.leases.clocks import BusTime
from actors.router import MOST_AWAKE, Router
from backends.protocol import Answer, ReplyFailed, ReplyRequest, ToolCall, ToolsWanted, Usage
from chat.state import Chat
from events.decisions import Decision
from events.inbound import Control, Message
from events.log import EventLog
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import PARTITIONS, ChatKey
from projections.in_memory import InMemoryProjection
from projections.reads.actor_reads import ChatReads
from projections.uncommitted import UncommittedMessages, may_go_early

ANA = ChatKey("local", "5511999999999@s.whatsapp.net")
NOTHING = Usage()
BOB = ChatKey("local", "5511888888888@s.whatsapp.net")


class Model:
    """A backend that gives the test's answers; `requests` are all requests so far."""

    name = "chat"

    def __init__(self) -> None:
        self.requests: list[ReplyRequest] = []
        self.cancelled: list[str] = []
        self._answers: dict[str, asyncio.Future[Answer | ToolsWanted]] = {}
        self._changed = asyncio.Event()

    async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
        self.requests.append(request)
        answer = self._answers[request.turn] = asyncio.get_running_loop().create_future()
        self._tell()
        try:
            return await answer
        except asyncio.CancelledError:
            self.cancelled.append(request.turn)
            raise
        finally:
            self._answers.pop(request.turn, None)
            self._tell()

    async def close(self) -> None:
        pass

    async def asked(self, times: int) -> ReplyRequest:
        """The request number `times`; waits for it."""
        await self.until(lambda: len(self.requests) >= times)
        return self.requests[times - 1]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not true():
                await self._changed.wait()

    def answer(self, request: ReplyRequest, text: str = "hi", usage: Usage = NOTHING) -> None:
        self._answers[request.turn].set_result(Answer(text=text, model="by hand", usage=usage))

    def wants(self, request: ReplyRequest, *calls: ToolCall, usage: Usage = NOTHING) -> None:
        self._answers[request.turn].set_result(ToolsWanted(calls, usage))

    def fail(self, request: ReplyRequest, error_class: Any = "bad_key") -> None:
        self._answers[request.turn].set_exception(ReplyFailed(error_class, "no"))

    def breaks(self, request: ReplyRequest) -> None:
        self._answers[request.turn].set_exception(RuntimeError("a defect"))

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class Committed:
    """The committed events of the log, and the projection of them, in memory."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []
        self.uncommitted = UncommittedMessages()
        self._projection = InMemoryProjection.empty(datetime.now(UTC))
        self.chat_reads = ChatReads(self._projection, self.uncommitted)
        self._moved = asyncio.Event()
        self.waiting = 0
        """Callers that wait for a later checkpoint."""

    def commit(self, recorded: Recorded) -> Recorded:
        """Fold the next event. Returns it, marked if it is a repeat."""
        (recorded,) = self._projection.fold([recorded]) or [recorded]
        self.events.append(recorded)
        self.uncommitted.drop(recorded.seq)
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        return recorded

    @property
    def checkpoint(self) -> int:
        return self._projection.checkpoint

    @property
    def delivered(self) -> int:
        return self.checkpoint

    async def reached(self, seq: int) -> None:
        self.waiting += 1
        try:
            while self.checkpoint < seq:
                await self._moved.wait()
        finally:
            self.waiting -= 1

    def chat(self, key: ChatKey) -> Chat:
        return self.chat_reads.snapshot(key)

    async def seen(self, wanted: Callable[[Recorded], bool], times: int = 1) -> Recorded:
        """The last of `times` committed events that are `wanted`; waits for them."""
        async with asyncio.timeout(60):
            while len(found := [event for event in self.events if wanted(event)]) < times:
                await self._moved.wait()
        return found[times - 1]

    def close(self) -> None:
        self._projection.close()


class House:
    """A running instance: `say` puts messages into the log, `seen` waits for decisions."""

    def __init__(self, log: EventLog, incarnation: str, **settings: Any) -> None:
        self.log = log
        self.model = Model()
        self.reads = Committed()
        self._numbers = 0
        defaults = {"debounce": 0.0, "stale_after": timedelta(hours=24)}
        words = {"apology": settings.pop("apology", "Sorry."), **settings.pop("words", {})}
        settings.setdefault("words_for", lambda _: words)
        idle_after = settings.pop("idle_after", 60.0)
        most_awake = settings.pop("most_awake", MOST_AWAKE)
        profiles: Callable[[Answering], Profiles] = settings.pop("profiles", OneProfile)
        means = {name: settings.pop(name) for name in Means.__struct_fields__ if name in settings}
        parts = {name: settings.pop(name) for name in Parts.__struct_fields__ if name in settings}
        policy = Policy(**{**defaults, **settings})
        self.answering = Answering(incarnation, Means(**{"backend": self.model, **means}), policy)
        self.instance = Instance(
            Parts(
                incarnation=incarnation,
                log=log,
                reads=self.reads.chat_reads,
                progress=self.reads,
                bus_time=BusTime(),
                fresh_id=self._fresh_id,
                **parts,
            ),
            profiles(self.answering),
        )
        self.router = Router(self.instance, idle_after=idle_after, sweep_every=0.01, most_awake=most_awake)
        self.tail_open = asyncio.Event()
        self.tail_open.set()
        self.caught_up = asyncio.Event()

    def _fresh_id(self) -> str:
        self._numbers += 1
        return f"{self.instance.incarnation}-{self._numbers}"

    def actor(self, key: ChatKey) -> ChatActor:
        """The chat's actor, which is in memory."""
        actor = self.router._live[key].ref._actor_weakref()
        assert actor is not None
        return actor

    async def say(self, id_: str, text: str = "hello", key: ChatKey = ANA) -> None:
        await self.log.publish(key, Message(id=id_, text=text), msg_id="")

    async def order(self, id_: str, command: Any, key: ChatKey = ANA, **fields: Any) -> None:
        await self.log.publish(key, Control(id=id_, command=command, **fields), msg_id="")

    async def decided(self, kind: type[Decision], times: int = 1, key: ChatKey = ANA) -> Any:
        """The event of the `times`-th decision of this kind in the chat, after its commit."""
        recorded = await self.reads.seen(lambda e: isinstance(e.event, kind) and e.key == key, times)
        return recorded.event

    async def run(self) -> None:
        """Own every chat once the log has been read."""
        following = asyncio.create_task(self.follow())
        try:
            await self.caught_up.wait()
            self.router.take(range(PARTITIONS))
            await following
        finally:
            following.cancel()

    async def follow(self) -> None:
        """Fold the log and deliver its events to the router."""
        head = await self.log.head()
        self.instance.bus_time.observe(head.now)
        if head.last == 0:
            self.caught_up.set()
        async for batch in self.log.tail(0):
            await self.tail_open.wait()
            if may_go_early(batch):
                self.reads.uncommitted.add(batch)
                self.router.deliver_early(batch)
            committed = [self.reads.commit(recorded) for recorded in batch]
            self.router.dispatch(committed)
            if self.reads.checkpoint >= head.last:
                self.caught_up.set()


@asynccontextmanager
async def house(log: EventLog | None = None, incarnation: str = "one", **settings: Any) -> AsyncIterator[House]:
    """A running instance. Leaving the block is like a crash: no turn is finished."""
    home = House(log or MemoryLog(), incarnation, **settings)
    running = asyncio.create_task(home.run())
    try:
        yield home
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await home.router.close()
        home.reads.close()
