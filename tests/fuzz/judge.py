"""Judges a world from outside: others are answered, it lives, and every message of every chat has its one ending."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

from chat.receipts import is_settled, of_whole
from events.decisions import Erased, Ignored, Reply, TurnError, TurnFailed
from events.inbound import Receipt
from events.memory_log import MemoryLog
from events.recorded import UNREADABLE_ID, Recorded, Unreadable
from events.subjects import ChatKey, inbound_subject
from projections.verify import verify
from tests.chaos.checker import Checker
from tests.fuzz.values import dumped
from tests.fuzz.world import World

PATIENCE = 20.0
"""Seconds for another chat's answer, and for the last ending. Both take a tenth of a second where nothing is wrong. A
time in which the machine ran something else does not count (see Patience)."""

_LOOKS_EVERY = 0.02


class Broken(AssertionError):
    """An input did harm."""


class Patience:
    """Seconds that this process had for its work. Of the time between two looks counts what it computed, and no more
    than a look's pause beyond that: on a machine that gives it little time everything takes longer, and nothing is
    wrong; a step that computes for minutes is."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._seen = time.monotonic(), time.process_time()

    def is_over(self) -> bool:
        now, computed = time.monotonic(), time.process_time()
        self._left -= min(now - self._seen[0], computed - self._seen[1] + _LOOKS_EVERY)
        self._seen = now, computed
        return self._left < 0


class Judge:
    """Follows the log of a world. For one that `forgives` it is no fault that recado sets aside what it breaks on."""

    def __init__(self, world: World, patience: float, *, forgives: bool) -> None:
        self._world = world
        self._patience = patience
        self._checker = Checker()
        self._events: list[Recorded] = []
        self._forgives = forgives
        self._wrong: list[str] = []
        self._to_bury: dict[int, ChatKey] = {}
        self._to_send: dict[tuple[ChatKey, str], int] = {}
        self._count = 0
        self._read = 0
        self._moved = asyncio.Event()

    async def follow(self, log: MemoryLog) -> None:
        async with aclosing(log.tail(0)) as batches:
            async for batch in batches:
                for recorded in batch:
                    self._events.append(recorded)
                    self._checker.take(recorded)
                    self._note(recorded)
                    self._read = recorded.seq
                self._moved.set()

    def _note(self, recorded: Recorded) -> None:
        key = recorded.key
        match recorded.event:
            case Reply() as reply:
                self._to_send[key, reply.id] = recorded.seq
                if (reply.about or "").startswith(UNREADABLE_ID):
                    self._wrong.append(f"a person is told of bytes that nobody can read: {recorded}")
            case Receipt() as told if is_settled(of_whole(told.state, told.part, told.parts, told.template)):
                self._to_send.pop((key, told.reply), None)
            case Unreadable() if recorded.side == "i":
                self._to_bury[recorded.seq] = key
            case Erased():  # of what was under way nothing counts any more
                self._to_send = {reply: seq for reply, seq in self._to_send.items() if reply[0] != key}
                self._to_bury = {seq: chat for seq, chat in self._to_bury.items() if chat != key}
            case Ignored(reason="broken") | TurnFailed(error=TurnError(class_="broken")) if not self._forgives:
                self._wrong.append(f"a chat broke: {recorded}")

    async def others_are_answered(self) -> None:
        """Another person writes, and has the answer on the phone."""
        self._count += 1
        key, loop = self._world.canary(), asyncio.get_running_loop()
        began = loop.time()
        self._world.log.put(inbound_subject(key, "in"), dumped({"id": f"canary{self._count}", "text": "hello"}))
        to = key.chat.partition("@")[0]
        await self._until(lambda: to in self._world.meta.answered, lambda: "another chat is not answered")
        self._world.tally.waits.append(loop.time() - began)

    async def all_is_ended(self) -> None:
        """No work is pending any more, and nothing broke."""
        last, pending = (await self._world.log.head()).last, self._checker.pending
        await self._until(lambda: self._read >= last, lambda: "the log is not read")
        await self._until(lambda: not pending(), lambda: f"not ended: {[str(each) for each in pending()[:5]]}")
        await self._until(lambda: not self._to_send, self._unsent)
        buried = {letter.headers["Nats-Msg-Id"] for letter in self._world.log.dead_letters}
        lost = [seq for seq in self._to_bury if f"dlq:{seq}" not in buried]
        if lost:
            raise Broken(
                f"what nobody can read is no dead letter: {[each for each in self._events if each.seq in lost]}"
            )
        checkpoint = self._read
        await self._until(lambda: self._world.runner.checkpoint >= checkpoint, lambda: "the projection is behind")
        self._nothing_broke()
        if self._checker.violations:
            told = self._told(self._checker.violations[0].key)
            raise Broken(f"{[str(wrong) for wrong in self._checker.violations[:5]]}\n{told}")
        self._can_be_read()
        report = await verify(self._world.log, self._world.folder)
        if not report.is_same:
            raise Broken(f"the projection is not what the log makes of it: {report}")

    def _unsent(self) -> str:
        key, reply = next(iter(self._to_send))
        return f"neither sent nor set aside: {reply}\n{self._told(key)}"

    def _told(self, key: ChatKey) -> str:
        """All events of the chat."""
        return "\n".join(f"{each.seq} {each.side} {str(each.event)[:300]}" for each in self._events if each.key == key)

    def _can_be_read(self) -> None:
        """The page can show every chat."""
        queries = self._world.queries
        queries.counts()
        for view in queries.chats():
            key = ChatKey(view.account, view.chat)
            queries.history(key)
            queries.turns(key)
            queries.why_last(*key)

    def _nothing_broke(self) -> None:
        """Neither the process nor a part of it; and what recado sets aside, it breaks on: here that is a fault, too."""
        for task in self._world.tasks:
            if task.done():
                raise Broken(f"recado ended: {task.exception()!r}") from task.exception()
        if wrong := self._world.meta.violations:
            raise Broken(f"WhatsApp takes no such message: {wrong[0][:1000]}")
        if self._world.faults:
            raise Broken(f"the loop was told of {self._world.faults[0]}")
        if self._wrong:
            raise Broken(self._wrong[0])
        for line in self._world.lines:
            # A refusal of WhatsApp's that proves nothing is an error for people to look at, and no fault of recado.
            is_fault = line["log_level"] in ("error", "critical") and line["event"] != "reply_unclear"
            if is_fault and not self._forgives:
                raise Broken(f"logged as an error: {line}") from _cause_of(line)
        self._world.lines.clear()

    async def _until(self, true: Callable[[], bool], what: Callable[[], str]) -> None:
        patience = Patience(self._patience)
        while not true():
            self._nothing_broke()
            if patience.is_over():
                raise Broken(what())
            self._moved.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), _LOOKS_EVERY)


def _cause_of(line: dict[str, object]) -> BaseException | None:
    cause = line.get("exc_info")
    return cause if isinstance(cause, BaseException) else None


@asynccontextmanager
async def judging(world: World, patience: float = PATIENCE, *, forgives: bool = False) -> AsyncIterator[Judge]:
    """A judge, who looks a last time when the block is left."""
    judge = Judge(world, patience, forgives=forgives)
    following = asyncio.create_task(judge.follow(world.log))
    try:
        yield judge
        await judge.all_is_ended()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
