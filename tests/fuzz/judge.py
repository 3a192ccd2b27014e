"""Judges a world from outside: others are answered, it lives, and every message of every chat has its one ending."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from chat.receipts import is_settled, of_whole
from events.decisions import Ignored, Reply, TurnFailed
from events.ids import ChatKey, inbound_subject
from events.inbound import Receipt
from events.memory_log import MemoryLog
from events.recorded import Recorded
from projections.verify import verify
from tests.chaos.checker import Checker
from tests.fuzz.values import dumped
from tests.fuzz.world import World

PATIENCE = 20.0
"""Seconds for another chat's answer, and for the last ending. Both take a tenth of a second where nothing is wrong; this
much is for a loaded machine."""


class Broken(AssertionError):
    """An input did harm."""


class Judge:
    """Follows the log of a world."""

    def __init__(self, world: World, patience: float) -> None:
        self._world = world
        self._patience = patience
        self._checker = Checker()
        self._events: list[Recorded] = []
        self._to_send: dict[tuple[ChatKey, str], int] = {}
        self._count = 0
        self._moved = asyncio.Event()

    async def follow(self, log: MemoryLog) -> None:
        async with aclosing(log.tail(0)) as batches:
            async for batch in batches:
                for recorded in batch:
                    self._events.append(recorded)
                    self._checker.take(recorded)
                    self._note_reply(recorded)
                self._moved.set()

    def _note_reply(self, recorded: Recorded) -> None:
        event, key = recorded.event, recorded.key
        if isinstance(event, Reply) and recorded.side == "o":
            self._to_send[key, event.id] = recorded.seq
        elif isinstance(event, Receipt) and is_settled(of_whole(event.state, event.part, event.parts, event.template)):
            self._to_send.pop((key, event.reply), None)

    async def others_are_answered(self) -> None:
        """Another person writes, and has the answer on the phone."""
        self._count += 1
        key, loop = self._world.canary(), asyncio.get_running_loop()
        began = loop.time()
        self._world.log.put(inbound_subject(key, "in"), dumped({"id": f"canary{self._count}", "text": "hello"}))
        to = key.chat.partition("@")[0]
        await self._until(lambda: to in self._world.meta.answered, "another chat is not answered")
        self._world.tally.waits.append(loop.time() - began)

    async def all_is_ended(self) -> None:
        """Nothing is owed any more, and nothing broke."""
        await self._until(lambda: not self._checker.owed(), lambda: f"not ended: {[str(owed) for owed in self._checker.owed()[:5]]}")
        await self._until(lambda: not self._to_send, lambda: f"neither sent nor set aside: {list(self._to_send)[:5]}")
        await self._until(lambda: self._world.runner.checkpoint >= self._events[-1].seq, "the projection is behind")
        self._nothing_broke()
        if self._checker.violations:
            key = self._checker.violations[0].key
            told = "\n".join(f"{each.seq} {each.side} {str(each.event)[:300]}" for each in self._events if each.key == key)
            raise Broken(f"{[str(wrong) for wrong in self._checker.violations[:5]]}\n{told}")
        self._can_be_read()
        report = await verify(self._world.log, self._world.folder)
        if not report.is_same:
            raise Broken(f"the projection is not what the log makes of it: {report}")

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
        # A receipt that is owed a template names it, and whoever may write receipts names what they like.
        wrong = [one for one in self._world.meta.violations if '"type":"template"' not in one]
        self._world.meta.violations.clear()
        if wrong:
            raise Broken(f"WhatsApp takes no such message: {wrong[0][:1000]}")
        if self._world.faults:
            raise Broken(f"the loop was told of {self._world.faults[0]}")
        for recorded in self._events[-1000:]:
            event = recorded.event
            is_broken = isinstance(event, Ignored) and event.reason == "broken"
            if is_broken or (isinstance(event, TurnFailed) and event.error.class_ == "broken"):
                raise Broken(f"a chat broke: {recorded}")
        for line in self._world.lines:
            if line["log_level"] in ("error", "critical"):
                raise Broken(f"logged as an error: {line}") from _cause_of(line)
        self._world.lines.clear()

    async def _until(self, true: object, what: object) -> None:
        deadline = asyncio.get_running_loop().time() + self._patience
        while not true():  # type: ignore[operator]
            self._nothing_broke()
            if asyncio.get_running_loop().time() > deadline:
                raise Broken(what() if callable(what) else what)
            self._moved.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), 0.02)


def _cause_of(line: dict[str, object]) -> BaseException | None:
    cause = line.get("exc_info")
    return cause if isinstance(cause, BaseException) else None


@asynccontextmanager
async def judging(world: World, patience: float = PATIENCE) -> AsyncIterator[Judge]:
    """A judge, who looks a last time when the block is left."""
    judge = Judge(world, patience)
    following = asyncio.create_task(judge.follow(world.log))
    try:
        yield judge
        await judge.all_is_ended()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
