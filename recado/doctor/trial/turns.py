"""Turns outside of any chat, in whatever mode the settings name, with tools that give what a question needs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from secrets import token_hex
from typing import cast

import msgspec
from msgspec.structs import replace

from backends.protocol import (
    Answer,
    Backend,
    DoneCall,
    Files,
    Length,
    NoFiles,
    ReplyBackend,
    ReplyFailed,
    ReplyRequest,
    RunContinues,
    RunLost,
    ThreadBackend,
    ThreadLost,
    ThreadRequest,
    Tool,
    ToolCall,
    ToolsWanted,
    Usage,
)
from chat.cleaning import cleaned
from chat.context import Line
from events.details import Detail

_CHAT = "recado-doctor"
_MOST_ROUNDS = 6
"""Requests of one turn; a model that wants more tools goes round in circles."""


class Said(msgspec.Struct, frozen=True):
    """The end of a turn.

    - `text`: as a person would get it.
    - `calls`: the calls that the model made, in their order.
    - `together`: most calls that it made at once.
    """

    text: str
    calls: tuple[ToolCall, ...] = ()
    together: int = 0
    length: Length = ""


class Turns:
    """Asks `backend`; `spent` counts the tokens, `threads` are those that were made, as (thread, its runs)."""

    def __init__(self, backend: Backend) -> None:
        self.spent = Usage()
        self.threads: list[tuple[str, list[str]]] = []
        self._backend = backend

    @property
    def keeps_threads(self) -> bool:
        return isinstance(self._backend, ThreadBackend)

    async def thread(self, history: Sequence[Line], patience: float) -> str:
        """A new thread that holds `history`; empty where the provider keeps none. Raises ReplyFailed."""
        if not isinstance(self._backend, ThreadBackend):
            return ""
        place = ThreadRequest(account=_CHAT, chat=_CHAT, history=tuple(history), patience=patience)
        thread = await self._backend.create_thread(place)
        self.threads.append((thread, []))
        return thread

    async def ask(
        self,
        *messages: Line,
        patience: float,
        thread: str,
        history: Sequence[Line] = (),
        tools: Sequence[Tool] = (),
        give: Callable[[ToolCall], str] = lambda _: "",
        files: Files = NoFiles(),  # noqa: B008 - it holds nothing
    ) -> Said:
        """The model's answer to `messages`; `give` has the output of each call. Raises ReplyFailed."""
        until = asyncio.get_running_loop().time() + patience
        turn = token_hex(8)
        request = ReplyRequest(
            account=_CHAT,
            chat=_CHAT,
            turn=turn,
            thread=thread,
            history=() if self.keeps_threads else tuple(history),
            messages=messages,
            ids=tuple(f"{turn}.{place}" for place in range(len(messages))),
            patience=patience,
            tools=tuple(tools),
            files=files,
        )
        made: list[ToolCall] = []
        together = 0
        run = ""
        for _ in range(_MOST_ROUNDS):
            left = until - asyncio.get_running_loop().time()
            request = replace(request, patience=max(left, 1.0))
            outcome, run = await self._next(request, run)
            if isinstance(outcome, RunContinues):
                run = outcome.run
                request = replace(request, calls=())
                continue
            self.count(outcome.usage)
            if isinstance(outcome, Answer):
                return Said(cleaned(outcome.text).text, tuple(made), together, outcome.length)
            made += outcome.calls
            together = max(together, len(outcome.calls))
            given = tuple(
                DoneCall(id=call.id, name=call.name, arguments=call.arguments, output=give(call), raw=call.raw)
                for call in outcome.calls
            )
            request = replace(request, calls=(*request.calls, *given))
        raise ReplyFailed("run_failed", Detail.TOO_MANY_ROUNDS.said(rounds=_MOST_ROUNDS))

    async def _next(self, request: ReplyRequest, run: str) -> tuple[Answer | ToolsWanted | RunContinues, str]:
        if not self.keeps_threads:
            return await cast(ReplyBackend, self._backend).reply(request), ""
        backend = cast(ThreadBackend, self._backend)
        try:
            run = run or await self._started(backend, request)
            outcome = await backend.await_run(replace(request, attempt=2), run)
        except RunLost as lost:
            self.count(lost.usage)
            raise ReplyFailed("run_failed", lost.detail) from lost
        except ThreadLost as lost:
            raise ReplyFailed("run_failed", lost.detail) from lost
        if isinstance(outcome, RunContinues):
            self._note(request.thread, outcome.run)
        return outcome, run

    async def _started(self, backend: ThreadBackend, request: ReplyRequest) -> str:
        run = await backend.start_run(request)
        self._note(request.thread, run)
        return run

    def _note(self, thread: str, run: str) -> None:
        for known, runs in self.threads:
            if known == thread:
                runs.append(run)

    def count(self, more: Usage) -> None:
        """Add the cost of a request."""
        self.spent += more
