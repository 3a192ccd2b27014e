"""The double's handling of a request about responses and conversations: it remembers it, and acts or fails as told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from tests.doubles import openai_wire as wire
from tests.doubles.openai_conversations import Refused
from tests.doubles.openai_faults import spoil
from tests.doubles.openai_responses_faults import AFTER, BEFORE, ResponsesFault, ResponsesFaults, error_of
from tests.doubles.openai_wire import Json, WireError

Act = Callable[[web.Request, Json, ResponsesFault | None], Awaitable[Json]]


class Asked(msgspec.Struct):
    """One request; `outcome` is the status answered, or `in flight`, `dropped`, `client gone`."""

    operation: str
    path: str
    body: Json
    outcome: str = "in flight"


class ResponsesServing:
    """`refusal` says what is wrong with a request's key."""

    def __init__(self, refusal: Callable[[web.Request], WireError | None]) -> None:
        self.requests: list[Asked] = []
        self.faults = ResponsesFaults()
        self._refusal = refusal
        self._changed = asyncio.Condition()

    def asked(self, operation: str) -> list[Asked]:
        return [asked for asked in self.requests if asked.operation == operation]

    async def tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, condition: Callable[[], bool], timeout: float = 60.0) -> None:
        """Return once `condition` holds; it is looked at whenever something was asked, answered or done."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(condition)

    def served(self, operation: str, act: Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            sent = await request.read()
            try:
                body = msgspec.json.decode(sent, type=dict[str, Any]) if sent else {}
            except msgspec.DecodeError:
                return json_response(*wire.not_json())
            asked = Asked(operation, request.path, body)
            self.requests.append(asked)
            await self.tell()
            try:
                response = await self._answer(request, operation, act, body)
            except asyncio.CancelledError:
                asked.outcome = "client gone"
                raise
            else:
                dropped = request.transport is None or request.transport.is_closing()
                asked.outcome = "dropped" if dropped else str(response.status)
                return response
            finally:
                await self.tell()

        return serve

    async def _answer(self, request: web.Request, operation: str, act: Act, body: Json) -> web.StreamResponse:
        if refused := self._refusal(request):
            return json_response(*refused)
        fault = self.faults.take(operation, str(body))
        kind = fault.kind if fault is not None else ""
        if fault is not None and kind in BEFORE:
            spoiled = await spoil(kind, request, b"")
            return spoiled or json_response(*error_of(fault), headers=fault.headers)
        try:
            done = await act(request, body, fault)
        except Refused as refusal:
            return json_response(*refusal.error)
        if fault is None or kind not in AFTER:
            return json_response(200, done)
        await self.tell()
        if kind == "error_after":
            return json_response(*error_of(fault), headers=fault.headers)
        wrong = await spoil({"lost": "drop", "silent": "hang"}.get(kind, kind), request, b"")
        assert wrong is not None
        return wrong


def json_response(status: int, body: Json, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/json", headers=headers or {}
    )
