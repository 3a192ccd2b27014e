"""Turns that a provider with threads answers, and recado's log of them."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import replace

from backends.protocol import (
    Answer,
    DoneCall,
    ReplyRequest,
    RunLost,
    ThreadBackend,
    ThreadLost,
    ThreadRequest,
    Tool,
    ToolsWanted,
)
from chat.context import Line

CLOCK = Tool(name="clock", description="The time.", parameters={"type": "object", "properties": {}})


async def hurry(seconds: float) -> None:
    """A sleep of a twentieth of the given time."""
    await asyncio.sleep(seconds / 20)


def place(*history: Line, patience: float = 10.0) -> ThreadRequest:
    return ThreadRequest(account="local", chat="5511999990001", history=history, patience=patience)


def asked(
    thread: str, *texts: str | Line, turn: str = "t1", ids: tuple[str, ...] | None = None, **more: Any
) -> ReplyRequest:
    """A turn whose messages are `texts`, with the ids m1, m2 and so on."""
    lines = tuple(Line("user", text) if isinstance(text, str) else text for text in texts)
    numbered = tuple(f"m{number}" for number in range(1, len(texts) + 1))
    base: dict[str, Any] = {"patience": 10.0, "history": ()} | more
    return ReplyRequest(
        account="local",
        chat="5511999990001",
        turn=turn,
        thread=thread,
        messages=lines,
        ids=numbered if ids is None else ids,
        **base,
    )


async def answered(backend: ThreadBackend, request: ReplyRequest) -> Answer:
    """The answer of a run that needs nothing."""
    answer = await backend.await_run(request, await backend.start_run(request))
    assert isinstance(answer, Answer)
    return answer


def done(*ids: str) -> tuple[DoneCall, ...]:
    """Calls with an output each."""
    return tuple(DoneCall(id=id_, name="any", arguments="{}", output=f"output of {id_}") for id_ in ids)


class Logged:
    """A turn's events in the log: all that is left after a kill. Each call has its own name as output."""

    def __init__(self, *history: Line, request: ReplyRequest | None = None) -> None:
        self.history = history
        self.request = request or asked("", "good", "morning")
        self.thread: str | None = None
        self.run: str | None = None
        self.attempt = 0
        self.calls: list[DoneCall] = []

    async def go_on(self, backend: ThreadBackend) -> Answer:
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
