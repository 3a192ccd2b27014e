"""Replays chats from the log: finds the chats of a time, plans their turns, and answers each turn again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, closing
from datetime import datetime
from typing import Protocol

import msgspec

from actors.instance import Instance
from events.inbound import Message
from events.log import LogUnavailable
from events.phrases import Phrase
from events.recorded import Recorded
from events.subjects import ChatKey, chat_filter
from projections.in_memory import InMemoryProjection
from recado.whatif.past import Past, past_of
from recado.whatif.plan import Plan, PlannedTurn, plan
from recado.whatif.rehearsal import Rehearsal, Rehearsed
from recado.whatif.spending import Spending
from recado.whatif.stretches import cut_of, stretches

AT_ONCE = 4
"""Turns that are answered at the same time; few, because recado may answer people meanwhile, with the same key."""


class Followed(Protocol):
    """The one method of the log that a replay uses; see events.log.EventLog."""

    def tail(self, after: int, subject: str) -> AsyncGenerator[list[Recorded], None]: ...


class Source(msgspec.Struct, frozen=True):
    """Reads the log.

    - `log`: the log.
    - `last_of`: returns the sequence of a subject's last event, 0 if there is none.
    - `created`: the stream's creation time, which identifies the log.
    """

    log: Followed
    last_of: Callable[[str], Awaitable[int]]
    created: datetime

    async def events(self, subject: str) -> AsyncIterator[list[Recorded]]:
        """All events of `subject` that the log has now."""
        last = await self.last_of(subject)
        if not last:
            return
        async with aclosing(self.log.tail(0, subject)) as tail:
            async for batch in tail:
                yield [recorded for recorded in batch if recorded.seq <= last]
                if batch[-1].seq >= last:
                    return
        raise LogUnavailable(Phrase("the log was closed before its end was reached"))

    async def chats(self, subject: str, since: datetime, until: datetime) -> list[ChatKey]:
        """The chats with messages from `since` until before `until`, in the order of their first message; `subject`
        selects the messages."""
        found: dict[ChatKey, None] = {}
        async for batch in self.events(subject):
            for recorded in batch:
                if since <= recorded.at < until and isinstance(recorded.event, Message):
                    found.setdefault(recorded.key)
        return list(found)

    async def past(self, key: ChatKey) -> Past:
        """The whole past of one chat."""
        known, events = InMemoryProjection.empty(self.created), list[Recorded]()
        async for batch in self.events(chat_filter(key)):
            events += await asyncio.to_thread(known.fold, batch)
        known.close()
        return past_of(key, events)


class Chosen(msgspec.Struct, frozen=True):
    """A chat's past, its plan, and the turns of the plan that are to be answered."""

    past: Past
    plan: Plan
    turns: tuple[PlannedTurn, ...]


class Choice(msgspec.Struct, frozen=True):
    """The chats that are replayed.

    - `chats`: the chats, with their turns.
    - `turns_left_out`: the number of planned turns beyond the limit.
    - `chats_left_out`: the number of chats that were not planned, because the limit was reached before.
    """

    chats: tuple[Chosen, ...]
    turns_left_out: int = 0
    chats_left_out: int = 0


async def choose(
    source: Source,
    keys: Sequence[ChatKey],
    rules: Callable[[ChatKey], Awaitable[Instance]],
    since: datetime,
    until: datetime,
    *,
    most: int,
) -> Choice:
    """Plan the chats, one after the other, up to `most` turns, each by its `rules`, whose errors pass through."""
    chats: list[Chosen] = []
    room, beyond = most, 0
    for number, key in enumerate(keys):
        if not room:
            return Choice(tuple(chats), beyond, len(keys) - number)
        past = await source.past(key)
        planned = plan(past, await rules(key), since, until)
        taken = planned.turns[:room]
        room -= len(taken)
        beyond += len(planned.turns) - len(taken)
        if taken:
            chats.append(Chosen(past, planned, taken))
    return Choice(tuple(chats), beyond)


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """Answers the chosen turns.

    - `source`: reads the log.
    - `instance_on`: makes an instance that reads from a projection.
    - `spending`: the token budget.
    - `prompt`: returns a model's instructions for a chat, for the estimate of tokens.
    - `go_on`: whether every turn follows the new reply before it.
    - `at_once`: the number of stretches that are answered at the same time.
    - `progress`: called with each result.
    """

    source: Source
    instance_on: Callable[[Past, InMemoryProjection], Instance]
    spending: Spending
    prompt: Callable[[ChatKey], str]
    go_on: bool
    at_once: int
    progress: Callable[[Rehearsed], None]

    async def answer(self, chats: Sequence[Chosen]) -> list[list[Rehearsed]]:
        """The turns of each chat, in their order."""
        results: list[list[Rehearsed]] = [[] for _ in chats]
        free = asyncio.Semaphore(self.at_once)
        async with asyncio.TaskGroup() as group:
            for chosen, into in zip(chats, results, strict=True):
                async for stretch, rehearsal in self._rehearsals(chosen, free):
                    group.create_task(self._answer(stretch, rehearsal, free, into))
        return [sorted(done, key=lambda result: result.turn.step) for done in results]

    async def _rehearsals(
        self, chosen: Chosen, free: asyncio.Semaphore
    ) -> AsyncIterator[tuple[list[PlannedTurn], Rehearsal]]:
        """Each stretch of turns, once it is `free` to begin, with a rehearsal that knows the log before it."""
        past, done = chosen.past, 0
        lists = [(cut_of(past, turns[0]), turns) for turns in stretches(past, chosen.turns, go_on=self.go_on)]
        with closing(InMemoryProjection.empty(self.source.created)) as known:
            for cut, turns in sorted(lists, key=lambda pair: pair[0]):
                await free.acquire()
                upto = past.count_before(cut)
                await asyncio.to_thread(known.fold, past.events[done:upto])
                done, mine = upto, known.copy()
                yield (
                    turns,
                    Rehearsal(
                        past,
                        chosen.plan,
                        cut=cut,
                        known=mine,
                        instance=self.instance_on(past, mine),
                        spending=self.spending,
                        prompt=self.prompt(past.key),
                    ),
                )

    async def _answer(
        self, turns: Sequence[PlannedTurn], rehearsal: Rehearsal, free: asyncio.Semaphore, into: list[Rehearsed]
    ) -> None:
        try:
            with closing(rehearsal.known):
                for turn in turns:
                    into.append(await rehearsal.answer(turn))
                    self.progress(into[-1])
        finally:
            free.release()
