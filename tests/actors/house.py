"""One instance over the in-memory log: real actors and router, reads folded from the events, a model played by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from actors.instance import Instance, NoTools
from actors.leases.clocks import BusTime
from actors.router import MOST_AWAKE, Router
from backends.protocol import Answer, ReplyFailed, ReplyRequest, ToolCall, ToolsWanted, Usage
from chat.attachments import Reading, shown
from chat.context import Line
from chat.evolve import evolve
from chat.pending import wakes
from chat.state import Chat
from events.decisions import Decision, MediaRead, Reply, TurnFailed
from events.inbound import Control, Edit, Media, Message
from events.log import EventLog
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import PARTITIONS, ChatKey
from events.subjects import partition as partition_of
from projections.uncommitted import may_go_early

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
        async with asyncio.timeout(30):
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


class Reads:
    """The projection's reads, folded from the committed events, and its checkpoint."""

    def __init__(self) -> None:
        self.chats: dict[ChatKey, Chat] = {}
        self.texts: dict[tuple[ChatKey, str], Line] = {}
        self.files: dict[tuple[ChatKey, str], Message] = {}
        self.events: list[Recorded] = []
        self.checkpoint = 0
        self._moved = asyncio.Event()

    def commit(self, recorded: Recorded) -> Recorded:
        event, key = recorded.event, recorded.key
        if isinstance(event, Message | Control):
            recorded = replace(recorded, repeat=(key, event.id) in self.texts)
            self.texts.setdefault((key, event.id), Line("user", event.text or ""))
        if isinstance(event, Edit):
            self.texts[key, event.of] = Line("user", event.text)
        if isinstance(event, Message) and event.media is not None:
            self.files[key, event.id] = event
        if isinstance(event, MediaRead):
            self._read(key, event)
        self.chats[key] = evolve(self.chats.get(key, Chat()), recorded)
        self.events.append(recorded)
        self.checkpoint = recorded.seq
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        return recorded

    @property
    def delivered(self) -> int:
        return self.checkpoint

    async def reached(self, seq: int) -> None:
        while self.checkpoint < seq:
            await self._moved.wait()

    def snapshot(self, key: ChatKey) -> Chat:
        return self.chats.get(key, Chat())

    def lines_of(self, key: ChatKey, messages: Sequence[str]) -> tuple[Line, ...]:
        return tuple(self.texts[key, message] for message in messages)

    def repeats(self, messages: Sequence[Recorded]) -> frozenset[int]:
        known = {(e.key, e.event.id) for e in self.events if isinstance(e.event, Message)}
        return frozenset(e.seq for e in messages if isinstance(e.event, Message) and (e.key, e.event.id) in known)

    def file_of(self, key: ChatKey, message: str) -> tuple[str, str, Media] | None:
        sent = self.files.get((key, message))
        return (sent.kind, sent.text or "", sent.media) if sent is not None and sent.media is not None else None

    def seqs_of(self, key: ChatKey, messages: Sequence[str]) -> tuple[int, ...]:
        return tuple(e.seq for e in self.events if isinstance(e.event, Message) and e.event.id in messages)

    def unread(self, key: ChatKey, messages: Sequence[str]) -> tuple[str, ...]:
        read = [e.event.message for e in self.events if isinstance(e.event, MediaRead) and e.event.form == "text"]
        return tuple(message for message in messages if (key, message) in self.files and message not in read)

    def _read(self, key: ChatKey, event: MediaRead) -> None:
        sent = self.files[key, event.message]
        assert sent.media is not None
        reading = Reading(event.form, event.text, event.reason)
        text, attachments = shown(sent.kind, sent.text or "", sent.media, reading, past=False)
        self.texts[key, event.message] = Line("user", text, attachments=attachments)

    def context(self, key: ChatKey, limit: int, reset_upto: int, since: int = 0) -> tuple[Line, ...]:
        said = [e.event for e in self.events if e.key == key and isinstance(e.event, Reply) and e.seq > since]
        replies = [reply for reply in said if reply.author != "system"]
        lines: list[Line] = []
        for reply in replies:
            lines += [*self.lines_of(key, reply.in_reply_to), Line("assistant", reply.text)]
        return tuple(lines)

    def failed(self, key: ChatKey, messages: Sequence[str]) -> tuple[str, ...]:
        failed = [e.event.messages for e in self.events if e.key == key and isinstance(e.event, TurnFailed)]
        return failed[-1] if failed else ()

    def pending(self, partition: int, after: int, limit: int) -> list[tuple[int, ChatKey]]:
        rows = enumerate(self.chats.items(), 1)
        pending = [(row, key) for row, (key, chat) in rows if wakes(chat) and partition_of(key) == partition]
        return [(row, key) for row, key in pending if row > after][:limit]

    async def seen(self, wanted: Callable[[Recorded], bool], times: int = 1) -> Recorded:
        """The last of `times` committed events that are `wanted`; waits for them."""
        async with asyncio.timeout(30):
            while len(found := [event for event in self.events if wanted(event)]) < times:
                await self._moved.wait()
        return found[times - 1]


class House:
    """A running instance: `say` puts messages into the log, `seen` waits for decisions."""

    def __init__(self, log: EventLog, incarnation: str, **settings: Any) -> None:
        self.log = log
        self.model = Model()
        self.reads = Reads()
        self._numbers = 0
        defaults = {"debounce": 0.0, "apology": "Sorry.", "stale_after": timedelta(hours=24)}
        idle_after = settings.pop("idle_after", 60.0)
        most_awake = settings.pop("most_awake", MOST_AWAKE)
        tools = settings.pop("tools", NoTools())
        self.instance = Instance(
            incarnation=incarnation,
            log=log,
            backend=settings.pop("backend", self.model),
            tools=tools,
            reads=self.reads,
            progress=self.reads,
            bus_time=BusTime(),
            fresh_id=self._fresh_id,
            **{**defaults, **settings},
        )
        self.router = Router(self.instance, idle_after=idle_after, sweep_every=0.01, most_awake=most_awake)
        self.tail_open = asyncio.Event()
        self.tail_open.set()
        self.caught_up = asyncio.Event()

    def _fresh_id(self) -> str:
        self._numbers += 1
        return f"{self.instance.rules.incarnation}-{self._numbers}"

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
