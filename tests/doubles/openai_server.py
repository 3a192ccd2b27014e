"""A double of OpenAI's API on loopback: it checks what it is sent, remembers it, and fails when told to.

In a test's own process: `async with OpenAIDouble() as double: … double.base_url … double.fail("rate_limit")`.

As a process of its own, for tests that kill recado: `python -m tests.doubles.openai_server --port 0 --control`. It
prints its base URL when it listens. With --control, POST /_double/faults takes one fault or a list of them (see
openai_faults.Fault), DELETE /_double/faults forgets them, GET /_double/requests gives what came in, in order.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import msgspec
from aiohttp import web

from tests.doubles import openai_chat as chat
from tests.doubles import openai_wire as wire
from tests.doubles.openai_agents import AgentsDouble
from tests.doubles.openai_control import control_routes
from tests.doubles.openai_embeddings import EmbeddingsDouble
from tests.doubles.openai_faults import Fault, FaultQueue, error_of, spoil
from tests.doubles.openai_odd import Odd
from tests.doubles.openai_responses import ResponsesDouble
from tests.doubles.openai_threads import ThreadsDouble
from tests.doubles.openai_uploads import UploadsDouble
from tests.doubles.openai_wire import Json, WireError

API_KEY = "sk-double-0123456789abcdef"


class Recorded(msgspec.Struct):
    """One request; `at` is Unix time, `outcome` the status answered, or `in flight`, `dropped`, `client gone`."""

    number: int
    at: float
    path: str
    body: Json
    fault: str | None = None
    outcome: str = "in flight"


class OpenAIDouble:
    """`reply` writes the text of an answer from the request's messages; `models` empty takes any model's name.

    `speaks` writes a whole message of Chat Completions from a request's body instead; `odd` makes the server one of
    openai_odd, and can be changed at any time.
    """

    def __init__(
        self,
        *,
        api_key: str = API_KEY,
        latency: float = 0.0,
        models: tuple[str, ...] = (),
        reply: Callable[[list[Json]], str] | None = None,
        speaks: Callable[[Json], Json] | None = None,
        odd: Odd | None = None,
        remember: bool = True,
        control: bool = False,
    ) -> None:
        self.api_key = api_key
        self.latency = latency
        self.models = models
        self.reply = reply or (lambda messages: f"reply to: {chat.last_user_text({'messages': messages})}")
        self.speaks = speaks
        self.odd = odd
        self.answered_oddly = 0
        self.requests: list[Recorded] = []
        self.faults = FaultQueue()
        self.uploads = UploadsDouble(self._refusal)
        self.embeddings = EmbeddingsDouble(self._refusal, self.faults)
        self.threads = ThreadsDouble(self._refusal, self.reply, self.uploads.files)
        self.agents = AgentsDouble(self._refusal, self.reply)
        self.responses = ResponsesDouble(self._refusal, self.reply, latency)
        self.base_url = ""
        self._remember = remember
        self._control = control
        self._count = 0
        self._held: asyncio.Event | None = None
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        # handler_cancellation: a client that hangs up ends its request here too, and is recorded as gone.
        runner = web.AppRunner(
            self._app(), access_log=None, handler_cancellation=True, shutdown_timeout=0.1, keepalive_timeout=75
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self._runner = runner
        self.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def fail(self, kind: str, **fault: Any) -> None:
        """Queue a Fault: `double.fail("rate_limit", headers={"retry-after": "2"}, times=2)`."""
        self.faults.add(msgspec.convert({"kind": kind, **fault}, Fault))

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Completions and responses that are asked for within the block are made after it."""
        self._held = self.responses.held = held = asyncio.Event()
        try:
            yield
        finally:
            self._held = self.responses.held = None
            held.set()

    async def until(self, condition: Callable[[list[Recorded]], bool], timeout: float = 60.0) -> None:
        """Return once `condition` holds of the requests."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: condition(self.requests))

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self._completions)
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_routes(self.uploads.routes())
        app.router.add_routes(self.embeddings.routes())
        app.router.add_routes(self.threads.routes(control=self._control))
        app.router.add_routes(self.agents.routes(control=self._control))
        app.router.add_routes(self.responses.routes(control=self._control))
        if self._control:
            app.router.add_routes(control_routes(self.faults, self.requests))
        app.router.add_route("*", "/{path:.*}", self._unknown)
        return app

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        sent = await request.read()
        try:
            body = msgspec.json.decode(sent, type=dict[str, Any])
        except msgspec.DecodeError:
            body = {}
        recorded = await self._record(request, body)
        try:
            response = await self._answer(request, body, recorded)
        except asyncio.CancelledError:
            recorded.outcome = "client gone"
            raise
        else:
            dropped = request.transport is None or request.transport.is_closing()
            recorded.outcome = "dropped" if dropped else str(response.status)
            return response
        finally:
            await self._tell()

    async def _answer(self, request: web.Request, body: Json, recorded: Recorded) -> web.StreamResponse:
        wrong = self._refusal(request) or chat.problem(body) or self._unknown_model(body)
        if wrong:
            return _json(*wrong)
        if self.odd is not None:
            return await self._answer_oddly(self.odd, body, recorded)
        fault = self.faults.take(chat.last_user_text(body), len(body["messages"]))
        if fault is None:
            if self._held is not None:
                await self._held.wait()
            await asyncio.sleep(self.latency)
            return _json(200, self._completion(recorded, body))
        recorded.fault = fault.kind
        await self._tell()
        if error := error_of(fault, body):
            return _json(*error, headers=fault.headers)
        answer = self._completion(recorded, body)
        spoiled = await spoil(fault.kind, request, msgspec.json.encode(answer))
        return spoiled or _json(200, chat.spoiled(fault.kind, answer))

    async def _answer_oddly(self, odd: Odd, body: Json, recorded: Recorded) -> web.StreamResponse:
        if refused := odd.refuses(body):
            status, told = refused
            return web.Response(status=status, body=told if isinstance(told, str) else msgspec.json.encode(told))
        said = odd.answers(self._completion(recorded, body), self.answered_oddly)
        self.answered_oddly += 1
        return web.Response(body=said)

    def _completion(self, recorded: Recorded, body: Json) -> Json:
        if self.speaks is None:
            return chat.completion(recorded.number, body, self.reply(body["messages"]))
        message = self.speaks(body)
        answer = chat.completion(recorded.number, body, message.get("content") or "")
        answer["choices"][0]["message"] |= message
        return answer

    def _refusal(self, request: web.Request) -> WireError | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            return wire.no_key()
        return None if key == self.api_key else wire.bad_key(key)

    def _unknown_model(self, body: Json) -> WireError | None:
        return wire.unknown_model(body["model"]) if self.models and body["model"] not in self.models else None

    async def _record(self, request: web.Request, body: Json) -> Recorded:
        self._count += 1
        recorded = Recorded(self._count, time.time(), request.path, body)
        if self._remember:
            self.requests.append(recorded)
            await self._tell()
        return recorded

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _list_models(self, request: web.Request) -> web.Response:
        if refused := self._refusal(request):
            return _json(*refused)
        models = [{"id": name, "object": "model", "created": 0, "owned_by": "double"} for name in self.models]
        return _json(200, {"object": "list", "data": models})

    async def _unknown(self, request: web.Request) -> web.Response:
        return _json(*wire.unknown_url(request.method, request.path))


def _json(status: int, body: Json, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/json", headers=headers or {}
    )


async def _serve(args: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    # Without the control endpoint nobody can ask what came in: nothing is kept, so that it can run under load.
    double = OpenAIDouble(api_key=args.api_key, latency=args.latency, remember=args.control, control=args.control)
    await double.start(args.port)
    sys.stdout.write(f"{double.base_url}\n")
    sys.stdout.flush()
    await stopped.wait()
    await double.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="A double of OpenAI's API on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--api-key", default=API_KEY, help="the only key it takes (default: %(default)s)")
    parser.add_argument("--control", action="store_true", help="remember requests and serve /_double")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
