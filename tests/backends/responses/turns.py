"""A turn of a chat's actor: its decisions in the log, and its way through crashes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from backends.protocol import (
    Answer,
    DoneCall,
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
from backends.responses.backend import Responses
from chat.context import Line
from tests.doubles.openai_server import OpenAIDouble

CHAT = "5511999990001@s.whatsapp.net"
PRICE = Tool(name="price", description="What it costs.", parameters={"type": "object", "properties": {}})


async def quick(seconds: float) -> None:
    """A real but short sleep for tests."""
    await asyncio.sleep(min(seconds, 0.02))


def backend_of(double: OpenAIDouble, *, known: bool = False) -> Responses:
    """The backend of a new process. If `known`, it knows that the server locks conversations, as it does of OpenAI's
    own."""
    made = Responses(
        api_key=double.api_key, base_url=double.base_url, model="small-1", system_prompt="Be kind.", sleep=quick
    )
    made._server.locks = known and double.responses.locks
    return made


def place(*history: Line, patience: float = 3.0) -> ThreadRequest:
    return ThreadRequest(account="local", chat=CHAT, history=history, patience=patience)


class Turn:
    """A turn; `runs` are the run ids in log order, `calls` the tool calls that were made."""

    def __init__(
        self,
        thread: str,
        *texts: str | Line,
        turn: str = "turn-1",
        patience: float = 3.0,
        tool: Callable[[ToolCall], str] = lambda call: f"{call.name} of {call.arguments}",
        may_be_silent: bool = False,
    ) -> None:
        self.thread = thread
        self.runs: list[str] = []
        self.run: str | None = None
        self.attempt = 0
        self.calls: list[ToolCall] = []
        self.spent: list[Usage] = []
        self._turn = turn
        self._messages = tuple(Line("user", text) if isinstance(text, str) else text for text in texts)
        self._patience = patience
        self._tool = tool
        self._may_be_silent = may_be_silent
        self._done: dict[str | None, tuple[DoneCall, ...]] = {}

    def request(self) -> ReplyRequest:
        return ReplyRequest(
            account="local",
            chat=CHAT,
            turn=self._turn,
            thread=self.thread,
            history=(),
            messages=self._messages,
            patience=self._patience,
            attempt=self.attempt + 1,
            calls=self._done.get(self.run, ()),
            tools=(PRICE,),
            may_be_silent=self._may_be_silent,
        )

    async def answered(self, backend: ThreadBackend) -> Answer:
        """Bring the turn to its reply. Raises ReplyFailed, and exceptions that end the process."""
        for _ in range(40):
            if (answer := await self.step(backend)) is not None:
                return answer
        raise AssertionError(f"the turn does not end: {self.runs}")

    async def step(self, backend: ThreadBackend) -> Answer | None:
        """Do one effect."""
        request = self.request()
        try:
            if self.run is None:
                self._ran(await backend.start_run(request), self.attempt + 1)
                return None
            try:
                outcome = await backend.await_run(request, self.run)
            except RunLost as lost:
                if self.attempt >= 3:
                    raise ReplyFailed("run_failed", lost.detail) from lost
                self._ran(await backend.start_run(request), self.attempt + 1)
                return None
        except ThreadLost:
            self.thread, self.run = await backend.create_thread(place()), None
            return None
        match outcome:
            case Answer():
                return outcome
            case RunContinues(run):
                self._ran(run, self.attempt)
            case ToolsWanted(calls, spent):
                self.spent.append(spent)
                self.calls += calls
                made = tuple(
                    DoneCall(id=call.id, name=call.name, arguments=call.arguments, output=self._tool(call))
                    for call in calls
                )
                self._done[self.run] = (*self._done.get(self.run, ()), *made)
        return None

    def _ran(self, run: str, attempt: int) -> None:
        self.runs.append(run)
        self.run, self.attempt = run, attempt
