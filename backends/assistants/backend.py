"""Replies from an assistant, one thread for each chat: the Assistants API (v2), for servers that still speak it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from backends.assistants.client import NotThere, ThreadsWire
from backends.assistants.poll import Watching, stop, stop_all
from backends.assistants.start import Starting
from backends.assistants.thread import Named, OwnTools, RemoteThread
from backends.content.message_text import never_empty
from backends.protocol import Answer, ReplyRequest, RunLost, ThreadLost, ThreadRequest, ToolsWanted
from backends.provider.key import ApiKey
from backends.provider.quirks import Quirks
from backends.provider.refusals import JsonObject
from backends.provider.retry import RETRYABLE, AttemptFailed, persist
from chat.moment import filled

T = TypeVar("T")

SEEDED_AT_ONCE = 32
"""Messages that a thread may be created with; the rest is added one by one."""

LONGEST_REQUEST = 15.0
"""Seconds for one request, and never more than a quarter of a turn's patience. No request waits for a model."""


class Assistants:
    """A ThreadBackend over threads, messages and runs.

    The server keeps the assistant's instructions, model and tools. A run adds recado's tools to the assistant's.

    A message bears its id and turn in its metadata (`message`, `turn`), a run the turn that it answers (`turn`,
    `attempt`). Before it posts anything it looks at the thread, and after an unknown outcome it looks again: so it
    finds the messages and runs of earlier tries, even if their answers were lost, and does not repeat them.

    - `api_key`: must not be empty.
    - `base_url`: None is OpenAI's own, which has shut this API down on 2026-08-26.
    - `assistant`: id of the assistant.
    - `additional_instructions`: added to the assistant's own.
    - `hosted_tools`: tools of the server, added to the assistant's own.
    - `quirks`: the known quirks of the assistant's server; None: none.
    """

    name: Final = "assistants"

    def __init__(
        self,
        *,
        api_key: ApiKey,
        base_url: str | None,
        assistant: str,
        additional_instructions: str = "",
        hosted_tools: Sequence[dict[str, Any]] = (),
        quirks: Quirks | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._wire = ThreadsWire(api_key, base_url)
        self._assistant = assistant
        self._additional_instructions = additional_instructions
        self._hosted_tools = hosted_tools
        self.quirks = Quirks(assistant) if quirks is None else quirks
        self._sleep = sleep

    async def create_thread(self, request: ThreadRequest) -> str:
        deadline, within = _now() + request.patience, _within(request.patience)
        seeds: list[dict[str, object]] = [
            {"role": line.role, "content": never_empty(line), "metadata": {"history": str(place)}}
            for place, line in enumerate(request.history)
        ]
        whose = {"recado_chat": f"{request.account}/{request.chat}"[:512]}
        body = {"metadata": whose, "messages": seeds[:SEEDED_AT_ONCE]}
        made = await self._persist(lambda: self._wire.post("/threads", body, Named, within), "", deadline)
        if seeds:  # not every server takes any at creation
            thread = RemoteThread(self._wire, made.id, within)
            await self._persist(lambda: _go_on_seeding(thread, seeds), "", deadline)
        return made.id

    async def start_run(self, request: ReplyRequest) -> str:
        thread = RemoteThread(self._wire, request.thread, _within(request.patience))
        starting = Starting(thread, request, lambda: self._run_of(request), self.quirks, self._sleep)
        try:
            return await self._persist(starting.adopt_or_start, request.turn, starting.began + request.patience)
        except NotThere as missing:
            if await thread.is_there():
                raise
            raise ThreadLost(thread.id, missing.detail) from missing

    async def await_run(self, request: ReplyRequest, run: str) -> Answer | ToolsWanted:
        thread = RemoteThread(self._wire, request.thread, _within(request.patience))
        watching = Watching(thread, run, request, self._assistant, self._sleep)
        try:
            return await self._persist(watching.watch, request.turn, watching.deadline)
        except NotThere as missing:
            if await thread.is_there():
                raise RunLost(run, missing.detail) from missing
            raise ThreadLost(thread.id, missing.detail) from missing
        except AttemptFailed as failure:
            # Patience is over, or nearly. The run may still be at work, but its answer is not awaited any more.
            if failure.error_class in RETRYABLE:
                ended = await stop(thread, run, self._sleep)
                if ended is not None and ended.status == "completed":
                    return await watching.outcome(ended)
            raise

    async def stop_turn(self, thread: str, turn: str, run: str | None) -> None:
        await stop_all(RemoteThread(self._wire, thread, LONGEST_REQUEST), turn, run, self._sleep)

    async def close(self) -> None:
        await self._wire.close()

    async def _persist(self, attempt: Callable[[], Awaitable[T]], turn: str, deadline: float) -> T:
        return await persist(attempt, turn=turn, deadline=deadline, sleep=self._sleep)

    async def _run_of(self, request: ReplyRequest) -> JsonObject:
        """The body of the request for the run that answers the turn."""
        body: JsonObject = {
            "assistant_id": self._assistant,
            "metadata": {"turn": request.turn, "attempt": str(request.attempt)},
        }
        if self._additional_instructions:
            body["additional_instructions"] = filled(self._additional_instructions, request.moment)
        if request.tools or self._hosted_tools:
            # Tools that a run names replace the assistant's own, such as its file search.
            path = f"/assistants/{self._assistant}"
            own = await self._wire.get(path, OwnTools, _within(request.patience))
            body["tools"] = _tools(own.tools, self._hosted_tools, request)
        return body


def _tools(
    own: Sequence[dict[str, Any]], hosted: Sequence[dict[str, Any]], request: ReplyRequest
) -> list[dict[str, Any]]:
    """The assistant's `own` tools, the `hosted` ones and the request's functions. Own tools are left out if a function
    of the request has the same name, or a hosted tool is of the same kind."""
    offered = {tool.name: tool for tool in request.tools}
    kinds = {tool["type"] for tool in hosted}
    kept = [
        tool for tool in own if tool.get("type") not in kinds and tool.get("function", {}).get("name") not in offered
    ]
    described = (
        {"name": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in offered.values()
    )
    return [*kept, *hosted, *({"type": "function", "function": function} for function in described)]


async def _go_on_seeding(thread: RemoteThread, seeds: list[dict[str, object]]) -> None:
    """Add the messages that are still missing, judged by the newest message in the thread."""
    newest = (await thread.messages(1)).data
    there = int(newest[0].place or 0) + 1 if newest else 0
    for seed in seeds[there:]:
        await thread.add(seed)


def _within(patience: float) -> float:
    return min(LONGEST_REQUEST, patience / 4)


def _now() -> float:
    return asyncio.get_running_loop().time()
