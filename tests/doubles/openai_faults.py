"""Faults of the double, and the requests that they hit."""

from __future__ import annotations

import asyncio
from typing import Literal

import msgspec
from aiohttp import web

from tests.doubles import hostile
from tests.doubles import openai_wire as wire
from tests.doubles.openai_wire import Json, WireError

HttpFault = Literal[
    "rate_limit", "quota", "server_error", "bad_key", "unknown_model", "flagged_prompt", "context", "context_llama_cpp"
]
WireFault = Literal[
    "hang", "drop", "drop_mid_body", "not_http", "not_json", "truncated", "empty_object", "endless", "redirect"
]
AnswerFault = Literal["refusal", "content_filter", "blank", "no_choices"]


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to do wrong, as JSON on the control endpoint too.

    It strikes the next `times` requests (None: all) whose last user text contains `match` and that have more than
    `more_than` messages. `status` is for server_error; `headers` go with the answer (`{"retry-after": "2"}`).
    """

    kind: HttpFault | WireFault | AnswerFault
    times: int | None = 1
    match: str = ""
    more_than: int = 0
    status: int = 500
    headers: dict[str, str] = {}


class FaultQueue:
    """Faults in the order they were asked for; the first that fits a request strikes it."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        self._waiting.extend(faults)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, text: str, messages: int) -> Fault | None:
        for place, fault in enumerate(self._waiting):
            if fault.match not in text or messages <= fault.more_than:
                continue
            if fault.times is not None:
                left = msgspec.structs.replace(fault, times=fault.times - 1)
                self._waiting[place : place + 1] = [left] if left.times else []
            return fault
        return None


def error_of(fault: Fault, body: Json) -> WireError | None:
    """The error body of a fault that is an HTTP error; None for any other."""
    messages = len(body.get("messages", ()))
    match fault.kind:
        case "rate_limit":
            return wire.rate_limited(body["model"])
        case "quota":
            return wire.no_quota()
        case "server_error":
            return wire.server_error(fault.status)
        case "bad_key":
            return wire.bad_key("sk-revoked-key")
        case "unknown_model":
            return wire.unknown_model(body["model"])
        case "flagged_prompt":
            return wire.flagged_prompt()
        case "context":
            return wire.context_too_long(messages)
        case "context_llama_cpp":
            return wire.context_too_long_at_llama_cpp(messages)
    return None


async def spoil(kind: str, request: web.Request, answer: bytes) -> web.StreamResponse | None:
    """Do to the connection, or to the bytes of `answer`, what a WireFault says; None for any other."""
    transport = request.transport
    assert transport is not None
    match kind:
        case "hang":
            await asyncio.Event().wait()
        case "drop":
            transport.abort()
            return web.Response()
        case "drop_mid_body":
            response = web.StreamResponse(headers={"content-type": "application/json"})
            response.content_length = len(answer)
            await response.prepare(request)
            await response.write(answer[: len(answer) // 2])
            transport.close()
            return response
        case "not_http":
            transport.write(b"this is not HTTP\r\n\r\n")
            transport.close()
            return web.Response()
        case "not_json":
            return web.Response(body=b"<html><body>It works!</body></html>", content_type="text/html")
        case "truncated":
            return web.Response(body=answer[: len(answer) // 2], content_type="application/json")
        case "empty_object":
            return web.Response(body=b"{}", content_type="application/json")
        case "endless":
            return await hostile.endless(request)
        case "redirect":
            return hostile.redirect()
    return None
