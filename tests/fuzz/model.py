"""A model's server whose answers are spoiled on the wire, and the backend that asks it for every chat but canaries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from aiohttp import web

from backends.agents.backend import Agents
from backends.assistants.backend import Assistants
from backends.chat_completions import ChatCompletions
from backends.protocol import (
    Answer,
    ReplyBackend,
    ReplyRequest,
    RunContinues,
    ThreadBackend,
    ThreadRequest,
    ToolsWanted,
)
from backends.provider.client import Wire
from backends.responses.backend import Responses
from events.subjects import ChatKey
from tests.doubles.openai_agents import AGENT
from tests.doubles.openai_server import OpenAIDouble
from tests.doubles.openai_threads import ASSISTANT
from tests.fuzz.tally import Tally
from tests.fuzz.values import Values, dumped

MODES = ("chat", "responses", "assistants", "agents")
_STATUSES = (200, 200, 200, 200, 400, 404, 409, 429, 500, 301)

_asks: ContextVar[ChatKey | None] = ContextVar("asks", default=None)


async def quick(seconds: float) -> None:
    """A sleep for tests: real, and short."""
    await asyncio.sleep(min(seconds, 0.01))


class Provider(OpenAIDouble):
    """Of each answer in `share` something is spoiled, or it says what no model would: bytes, a call of any tool with
    any arguments, a text of any kind."""

    def __init__(self, values: Values, share: float) -> None:
        super().__init__(reply=lambda _: self._says(), remember=False)
        self.values = values
        self.share = share
        self.spoiled: set[bytes] = set()
        self.statuses = _STATUSES

    def _says(self) -> str:
        return self.values.fitting_text() if self.values.random.random() < self.share else "all is well"

    def _app(self) -> web.Application:
        app = super()._app()
        app.middlewares.append(self._spoil)
        return app

    @web.middleware
    async def _spoil(self, request: web.Request, handler: Any) -> web.StreamResponse:
        asked = await request.read() if request.content_type == "application/json" else b""
        response = await handler(request)
        if not isinstance(response, web.Response) or self.values.random.random() > self.share:
            return response  # type: ignore[no-any-return]
        body, status = response.body, response.status
        assert isinstance(body, bytes)
        made = self._made(body, asked)
        status = self.values.random.choice(self.statuses) if self.values.random.random() < 0.1 else status
        self.spoiled.add(made)
        return web.Response(body=made, status=status, content_type="application/json")

    def _made(self, body: bytes, asked: bytes) -> bytes:
        random = self.values.random
        if random.random() < 0.1:
            return self.values.bytes_of(body)
        try:
            answer = json.loads(body) if body else {}
        except RecursionError:  # it repeats something deep that it was sent
            return body
        if "choices" in answer and random.random() < 0.6:
            self._writes(answer["choices"][0], json.loads(asked))
        elif random.random() < 0.6:
            answer = self.values.spoiled(answer)
        return dumped(answer)

    def _writes(self, choice: dict[str, Any], asked: dict[str, Any]) -> None:
        """Something that fits the API, of any content."""
        offered = [tool["function"]["name"] for tool in asked.get("tools", ())]
        if self.values.random.random() < 0.4:
            choice["message"]["content"] = self.values.text()
            return
        choice["finish_reason"] = "tool_calls"
        choice["message"]["content"] = None
        choice["message"]["tool_calls"] = [
            {
                "id": self.values.random.choice((f"c{number}", "c0", "")),
                "type": "function",
                "function": self.call(offered),
            }
            for number in range(self.values.random.choice((1, 1, 2, 5)))
        ]

    def plan(self) -> None:
        """Have the next run of an assistant or an agent ask for tools."""
        call = self.call(["ask", "tell", "service"])
        calls = (((call["name"], call["arguments"]),),)
        self.threads.plan(calls=calls)
        self.agents.plan(calls=calls)

    def call(self, offered: list[str]) -> dict[str, Any]:
        values = self.values
        name = values.random.choice([*offered, *offered, "nothing", ""])
        body = dumped(values.random.choice(({"text": values.text()}, {"text": values.deep()}, {}, values.anything())))
        arguments = values.bytes_of(body) if values.random.random() < 0.2 else body
        return {"name": name, "arguments": arguments.decode(errors="replace")}


def backend_of(mode: str, server: OpenAIDouble) -> Any:
    """The real backend of the mode, asking `server`."""
    base: dict[str, Any] = {"api_key": server.api_key, "base_url": server.base_url, "sleep": quick}
    match mode:
        case "chat":
            return ChatCompletions(model="small-1", **base)
        case "responses":
            return Responses(model="small-1", **base)
        case "assistants":
            return Assistants(assistant=ASSISTANT, **base)
        case _:
            return Agents(agent=AGENT, **base)


class _ByChat:
    """Two backends of one mode: the canaries' server is a good one."""

    def __init__(self, hostile: Any, good: Any) -> None:
        self._hostile = hostile
        self._good = good
        self._threads: dict[str, Any] = {}
        self.name = hostile.name

    def of(self, account: str, chat: str) -> Any:
        _asks.set(ChatKey(account, chat))
        return self._good if is_canary(chat) else self._hostile

    async def close(self) -> None:
        await self._hostile.close()
        await self._good.close()


class RepliesByChat(_ByChat):
    async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
        backend: ReplyBackend = self.of(request.account, request.chat)
        return await backend.reply(request)


class ThreadsByChat(_ByChat):
    async def create_thread(self, request: ThreadRequest) -> str:
        backend: ThreadBackend = self.of(request.account, request.chat)
        thread = await backend.create_thread(request)
        self._threads[thread] = backend
        return thread

    async def start_run(self, request: ReplyRequest) -> str:
        backend: ThreadBackend = self.of(request.account, request.chat)
        return await backend.start_run(request)

    async def await_run(self, request: ReplyRequest, run: str) -> Answer | ToolsWanted | RunContinues:
        backend: ThreadBackend = self.of(request.account, request.chat)
        return await backend.await_run(request, run)

    async def stop_turn(self, thread: str, turn: str, run: str | None) -> None:
        backend: ThreadBackend = self._threads.get(thread, self._hostile)
        await backend.stop_turn(thread, turn, run)


def by_chat(mode: str, hostile: Provider, good: OpenAIDouble) -> Any:
    kind = RepliesByChat if mode == "chat" else ThreadsByChat
    return kind(backend_of(mode, hostile), backend_of(mode, good))


CANARY = "999"


def is_canary(chat: str) -> bool:
    return chat.startswith(CANARY)


@contextmanager
def counted(provider: Provider, tally: Tally) -> Iterator[None]:
    """Count each spoiled answer that is read, and whether it could be."""
    read = Wire.read

    def reading(wire: Wire, answer: bytes, shape: Any) -> Any:
        if answer not in provider.spoiled:
            return read(wire, answer, shape)
        provider.spoiled.discard(answer)
        fits = True
        try:
            return read(wire, answer, shape)
        except BaseException:
            fits = False
            raise
        finally:
            tally.put("model answers", _asks.get(), read=fits)

    Wire.read = reading  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        Wire.read = read  # type: ignore[method-assign]
