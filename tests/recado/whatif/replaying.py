"""Replaying a log in memory with a backend of the test's."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from actors.instance import Instance
from actors.tools.protocol import NoTools
from backends.protocol import Answer, ReplyRequest, ToolCall, ToolsWanted, Usage
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from projections.in_memory import InMemoryProjection
from recado.whatif.past import Past
from recado.whatif.recorded import RecordedFiles
from recado.whatif.rehearsal import Rehearsed
from recado.whatif.replay import Choice, Replay, Source, choose
from recado.whatif.spending import Spending
from tests.recado.whatif.real_chat import NOON, rules


class Asked:
    """A backend that answers `now: ` and the messages, after the tool calls that they ask for: `call NAME JSON`.
    `requests` are what it was shown."""

    name = "chat"

    def __init__(self, cost: int = 15) -> None:
        self.requests: list[ReplyRequest] = []
        self._cost = cost

    async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
        self.requests.append(request)
        await asyncio.sleep(0)
        done = {call.id for call in request.calls}
        calls = [line.text.split(" ", 2)[1:] for line in request.messages if line.text.startswith("call ")]
        wanted = [ToolCall(id=f"c{n}", name=name, arguments=given) for n, (name, given) in enumerate(calls)]
        if fresh := tuple(call for call in wanted if call.id not in done):
            return ToolsWanted(fresh, Usage(self._cost, 0))
        told = " | ".join([line.text for line in request.messages] + [call.output for call in request.calls])
        return Answer(text=f"now: {told}", model="new", usage=Usage(self._cost, 0))

    @property
    def shown(self) -> list[tuple[list[str], list[str]]]:
        """History and messages of each request, in the order of the messages."""
        lines = [([one.text for one in r.history], [one.text for one in r.messages]) for r in self.requests]
        return sorted(lines, key=lambda pair: pair[1])

    async def close(self) -> None:
        pass


class NoObjects:
    """The object store is empty."""

    async def find(self, name: str) -> None:
        return None

    async def read(self, name: str) -> None:
        return None


def replay(
    log: MemoryLog, backend: Any, *, go_on: bool = False, limit: int = 100_000, most: int = 100, **rule: Any
) -> tuple[Choice, list[list[Rehearsed]]]:
    """The replay of the whole log."""
    tools = rule.pop("tools", NoTools())

    async def last(subject: str) -> int:
        return (await log.head()).last

    def instance_on(past: Past, known: InMemoryProjection) -> Instance:
        instance = rules(backend=backend, tools=tools, files=RecordedFiles(past.readings, NoObjects()), **rule)
        instance.reads, instance.progress = known.reads, known
        return instance

    async def rules_of(_: ChatKey) -> Instance:
        return rules(**rule)

    async def answer() -> tuple[Choice, list[list[Rehearsed]]]:
        source = Source(log, last, NOON)
        until = NOON + timedelta(days=1)
        keys = await source.chats("evt.>", NOON, until)
        choice = await choose(source, keys, rules_of, NOON, until, most=most)
        replaying = Replay(
            source=source,
            instance_on=instance_on,
            spending=Spending(limit),
            prompt=lambda _: "Be kind.",
            go_on=go_on,
            at_once=3,
            progress=lambda _: None,
        )
        return choice, await replaying.answer(choice.chats)

    return asyncio.run(answer())
