"""Turns that an agent answers, and recado's log of them."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import replace

from backends.agents.backend import Agents
from backends.protocol import Answer, DoneCall, ReplyRequest, RunLost, ThreadLost, ThreadRequest, Tool, ToolsWanted
from chat.context import Line
from tests.doubles.openai_agents import AGENT
from tests.doubles.openai_server import OpenAIDouble

CLOCK = Tool(name="clock", description="The time.", parameters={"type": "object", "properties": {}})


async def hurry(seconds: float) -> None:
    """A sleep of a twentieth of the given time."""
    await asyncio.sleep(seconds / 20)


def agent_at(double: OpenAIDouble, **settings: Any) -> Agents:
    base: dict[str, Any] = {"api_key": double.api_key, "base_url": double.base_url, "agent": AGENT, "sleep": hurry}
    return Agents(**(base | settings))


def place(*history: Line, patience: float = 10.0) -> ThreadRequest:
    return ThreadRequest(account="local", chat="5511999990001", history=history, patience=patience)


def asked(thread: str, *texts: str | Line, turn: str = "t1", **more: Any) -> ReplyRequest:
    """A turn whose messages are `texts`."""
    lines = tuple(Line("user", text) if isinstance(text, str) else text for text in texts)
    base: dict[str, Any] = {"patience": 10.0, "history": ()} | more
    return ReplyRequest(account="local", chat="5511999990001", turn=turn, thread=thread, messages=lines, **base)


async def answered(backend: Agents, request: ReplyRequest) -> Answer:
    """The answer of a run that needs nothing."""
    answer = await backend.await_run(request, await backend.start_run(request))
    assert isinstance(answer, Answer)
    return answer


class Logged:
    """A turn's events in the log: all that is left after a kill. Each call has its own name as output."""

    def __init__(self, *history: Line, request: ReplyRequest | None = None) -> None:
        self.history = history
        self.request = request or asked("", "good", "morning")
        self.thread: str | None = None
        self.run: str | None = None
        self.attempt = 0
        self.calls: list[DoneCall] = []

    async def go_on(self, backend: Agents) -> Answer:
        """Do the work of an actor, from the end of the log."""
        while True:
            try:
                if self.thread is None:
                    self.thread = await backend.create_thread(place(*self.history, patience=self.request.patience))
                if self.run is None:
                    self.run = await backend.start_run(self._asked())
                    self.attempt += 1
                outcome = await backend.await_run(self._asked(), self.run)
            except ThreadLost:
                self.thread = self.run = None
            except RunLost:
                self.run = await backend.start_run(self._asked())
                self.attempt += 1
                self.calls = []
            else:
                if isinstance(outcome, Answer):
                    return outcome
                self._call(outcome)

    def _call(self, wanted: ToolsWanted) -> None:
        assert not {call.id for call in wanted.calls} & {call.id for call in self.calls}, "it has these outputs"
        self.calls += [
            DoneCall(id=call.id, name=call.name, arguments=call.arguments, output=call.name) for call in wanted.calls
        ]

    def _asked(self) -> ReplyRequest:
        return replace(self.request, thread=self.thread or "", attempt=self.attempt + 1, calls=tuple(self.calls))
