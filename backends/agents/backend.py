"""Replies from an agent, one session for each chat: the Agents API (beta)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from backends.agents.client import NotThere, SessionsWire
from backends.agents.poll import Watching, stop, stop_all
from backends.agents.seed import abandon, confirmed, note
from backends.agents.session import RemoteSession, message
from backends.agents.start import Starting
from backends.protocol import (
    Answer,
    ReplyFailed,
    ReplyRequest,
    RunLost,
    ThreadLost,
    ThreadRequest,
    ToolsWanted,
)
from backends.provider.key import ApiKey
from backends.provider.quirks import Quirks
from backends.provider.retry import RETRYABLE, AttemptFailed, persist
from chat.moment import Moment, filled

T = TypeVar("T")

LONGEST_REQUEST = 15.0
"""Seconds for one request, and never more than a quarter of a turn's patience. No request waits for a model."""


class _Made(msgspec.Struct):
    id: str


class Agents:
    """A ThreadBackend over sessions and their turns.

    Before it sends anything it looks at the session, and after an unknown outcome it looks again. A message is sent
    with an idempotency key, and never while a turn is active, because it would steer that turn. The functions of a
    session are the tools that recado offers.

    - `api_key`: must not be empty.
    - `base_url`: None is OpenAI's own.
    - `agent`: id of a saved agent, whose model, instructions and tools the provider keeps. Without one the sessions get
      an agent made of `model`, `system_prompt` and `hosted_tools`.
    - `rule`: an instruction that a saved agent gets at the beginning of a session.
    - `quirks`: the known quirks of the agent's server; None: none.
    """

    name: Final = "agents"

    def __init__(
        self,
        *,
        api_key: ApiKey,
        base_url: str | None,
        agent: str = "",
        model: str = "",
        system_prompt: str = "",
        rule: str = "",
        hosted_tools: Sequence[dict[str, Any]] = (),
        quirks: Quirks | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._wire = SessionsWire(api_key, base_url)
        # A saved agent has its own model: the session names it.
        self._model = "" if agent else model
        inline = {"model": model, "instructions": system_prompt, "tools": list(hosted_tools)}
        inline = {name: value for name, value in inline.items() if value}
        self._agent: dict[str, Any] = {"agent_id": agent} if agent else {"agent": inline}
        self._rule = rule if agent else ""
        self._hosted_tools = None if agent else hosted_tools
        self.quirks = Quirks(agent or model) if quirks is None else quirks
        self._sleep = sleep

    async def create_thread(self, request: ThreadRequest) -> str:
        deadline, within = _now() + request.patience, _within(request.patience)
        body = {
            **_filled(self._agent, request.moment),
            "environment": {"type": "none"},
            "input": [message(note(request.history, self._rule))],
            "metadata": {"recado_chat": request.chat[:512]},
        }

        last: RemoteSession | None = None

        async def make() -> str:
            nonlocal last
            made = await self._wire.post("/agents/sessions", body, _Made, within)
            last = session = RemoteSession(self._wire, made.id, within)
            await self._persist(lambda: confirmed(session, self._sleep), "", deadline)
            return made.id

        try:
            return await self._persist(make, "", deadline)
        except AttemptFailed:
            if last is not None:
                await abandon(last)
            raise

    async def start_run(self, request: ReplyRequest) -> str:
        session = RemoteSession(self._wire, request.thread, _within(request.patience))
        starting = Starting(session, request, self._hosted_tools, self.quirks, self._sleep)
        try:
            return await self._persist(starting.adopt_or_start, request.turn, starting.began + request.patience)
        except NotThere as missing:
            raise ThreadLost(session.id, missing.detail) from missing

    async def await_run(self, request: ReplyRequest, run: str) -> Answer | ToolsWanted:
        session = RemoteSession(self._wire, request.thread, _within(request.patience))
        watching = Watching(session, run, request, self._model, self._sleep)
        try:
            return await self._persist(watching.watch, request.turn, watching.deadline)
        except NotThere as missing:
            if await _is_there(session):
                raise RunLost(run, missing.detail) from missing
            raise ThreadLost(session.id, missing.detail) from missing
        except AttemptFailed as failure:
            # Patience is over, or nearly. The turn may still be at work, but its answer is not awaited any more.
            if failure.in_doubt or failure.error_class in RETRYABLE:
                ended = await stop(session, run, self._sleep)
                if ended is not None and ended.status == "completed":
                    return await watching.outcome(ended)
            raise
        except ReplyFailed as failure:
            # A session that has outgrown the model is replaced, once: `attempt` is one above the attempt that failed.
            if failure.error_class == "context_too_long" and request.attempt <= 2:
                raise ThreadLost(session.id, failure.detail) from failure
            raise

    async def stop_turn(self, thread: str, turn: str, run: str | None) -> None:
        await stop_all(RemoteSession(self._wire, thread, LONGEST_REQUEST), turn, run, self._sleep)

    async def close(self) -> None:
        await self._wire.close()

    async def _persist(self, attempt: Callable[[], Awaitable[T]], turn: str, deadline: float) -> T:
        return await persist(attempt, turn=turn, deadline=deadline, sleep=self._sleep)


def _filled(agent: dict[str, Any], moment: Moment | None) -> dict[str, Any]:
    """An agent for one session; a session keeps the instructions that it began with."""
    inline = agent.get("agent", {})
    if "instructions" not in inline:
        return agent
    return {"agent": {**inline, "instructions": filled(inline["instructions"], moment)}}


async def _is_there(session: RemoteSession) -> bool:
    try:
        await session.look()
    except NotThere:
        return False
    return True


def _within(patience: float) -> float:
    return min(LONGEST_REQUEST, patience / 4)


def _now() -> float:
    return asyncio.get_running_loop().time()
