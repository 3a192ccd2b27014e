"""The documents for a question outside of a chat: they are opened when the model is told of them, or asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import click

from actors.tools.arguments import Unfit, unpacked
from actors.tools.look_up import LookUp, NotSearchable
from actors.tools.passages import Found
from backends.protocol import Tool, ToolCall
from chat.built_in import LOOK_UP
from chat.context import Line
from chat.first_look import query_of
from events.jetstream.connection import BusRefused, BusUnreachable
from events.knowledge_contents import Contents
from events.log import LogError
from events.tool_calls import Passage
from events.usage import Tally
from recado.cli.knowledge_open import indexed, opened
from recado.settings.settings import Settings
from recado.wiring.connect import NotRunning
from recado.wiring.knowledge import SearchedKnowledge


class OpenedDocuments:
    """actors' Knowledge over an index that is made of the bus once it is asked. If that fails, it is not tried
    again."""

    def __init__(self, chosen: Settings, stack: AsyncExitStack) -> None:
        self._chosen = chosen
        self._stack = stack
        self._made: SearchedKnowledge | None = None
        self._fault = ""

    async def look_up(
        self,
        collections: Sequence[str],
        query: str,
        tally: Tally | None = None,  # noqa: ARG002 - no turn pays
    ) -> Sequence[Found]:
        return await (await self._there()).look_up(collections, query)

    async def contents(self, collections: Sequence[str]) -> Contents:
        return await (await self._there()).contents(collections)

    async def _there(self) -> SearchedKnowledge:
        if self._fault:
            raise NotSearchable(self._fault)
        if self._made is None:
            try:
                there = await self._stack.enter_async_context(opened())
                self._made = SearchedKnowledge(*await indexed(there, self._stack, self._chosen))
            except (LogError, NotRunning, BusUnreachable, BusRefused, click.ClickException) as fault:
                self._fault = str(fault)
                raise NotSearchable(self._fault) from fault
        return self._made


class Documents:
    """The documents of a question.

    - `first`: the passages come before it, and no tool is offered.
    - `passages`: all that were shown.
    """

    def __init__(self, look_up: LookUp) -> None:
        self.first = look_up.first
        self.passages: list[Passage] = []
        self._look_up = look_up

    async def offered(self) -> tuple[Tool, ...]:
        return await self._look_up.offered()

    async def before(self, text: str) -> str:
        """The passages for the words of the question."""
        return await self._shown({"query": query_of([Line("user", text)])})

    async def give(self, call: ToolCall) -> str | None:
        """The output of a call; None: it is of another tool."""
        if call.name != LOOK_UP:
            return None
        try:
            given, _ = unpacked(call.arguments)
        except Unfit as unfit:
            return str(unfit)
        return await self._shown(given)

    async def _shown(self, given: dict[str, object]) -> str:
        result = await self._look_up.call(given)
        self.passages += result.passages
        return result.output


@asynccontextmanager
async def looking_up(chosen: Settings) -> AsyncIterator[Documents | None]:
    """The documents of the settings' collections; None: they name none."""
    if not chosen.knowledge:
        yield None
        return
    async with AsyncExitStack() as stack:
        first = chosen.knowledge_mode == "front"
        yield Documents(LookUp(chosen.knowledge, OpenedDocuments(chosen, stack), first=first))
