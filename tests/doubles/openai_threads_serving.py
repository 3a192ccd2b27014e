"""The double's handling of a request about threads: it checks, remembers and carries it out, or fails as told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import msgspec
from aiohttp import web

from tests.doubles import openai_threads_wire as threads_wire
from tests.doubles import openai_wire as wire
from tests.doubles.openai_faults import spoil
from tests.doubles.openai_wire import Json, WireError

Operation = Callable[[Mapping[str, str], Mapping[str, str], Json], Json | WireError]
"""The action of a request that was taken, given its path's names, its query and its body."""


class ThreadFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to do wrong with the next `times` requests (None: all) that do `on` (empty: anything), `skip` of which
    are let through first. With `after` the request is carried out, and only its answer goes wrong.

    `gone`: the thread is deleted before the request is carried out. `busy` is the refusal of a thread in which somebody
    else's run is active at that very moment. `late` answers nothing; the request is carried out when `come_late` is
    called, or after `seconds` if that is given, though the client has hung up by then.
    """

    kind: Literal[
        "busy",
        "rate_limit",
        "server_error",
        "forbidden",
        "refused",
        "gone",
        "hang",
        "drop",
        "not_json",
        "truncated",
        "empty_object",
        "late",
    ]
    on: str = ""
    after: bool = False
    skip: int = 0
    times: int | None = 1
    status: int = 500
    headers: dict[str, str] = {}
    seconds: float | None = None


class Asked(msgspec.Struct):
    """One request; `done` says whether it was carried out."""

    operation: str
    path: str
    body: Json
    fault: str | None = None
    done: bool = False
    status: int | None = None


class Serving:
    """`refusal` says what is wrong with a request's key."""

    def __init__(self, refusal: Callable[[web.Request], WireError | None]) -> None:
        self.requests: list[Asked] = []
        self.faults: list[ThreadFault] = []
        self._refusal = refusal
        self._late: list[Callable[[], WireError]] = []

    def fail(self, kind: str, **fault: Any) -> None:
        """Queue a ThreadFault: `threads.fail("drop", on="runs.create", after=True)`."""
        self.faults.append(msgspec.convert({"kind": kind, **fault}, ThreadFault))

    def come_late(self) -> None:
        """Carry out what was asked for by requests that have long been given up."""
        while self._late:
            self._late.pop()()

    def lose(self, thread: str) -> None:
        """Forget the thread."""
        raise NotImplementedError

    def heal(self) -> None:
        self.faults.clear()

    def served(self, operation: str, act: Operation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            sent = await request.read()
            body = msgspec.json.decode(sent, type=dict[str, Any]) if sent else {}
            asked = Asked(operation, request.path, body)
            self.requests.append(asked)
            if (wrong := self._wrong(request, operation, body)) is not None:
                asked.status = wrong.status
                return _json(*wrong)
            fault = self._take(operation)
            if fault is not None:
                asked.fault = fault.kind

            def carry_out() -> WireError:
                answer = act(request.match_info, request.query, body)
                asked.done = True
                return answer if isinstance(answer, WireError) else WireError(200, answer)

            if fault is not None and fault.kind == "gone":
                self.lose(request.match_info["thread"])
            if fault is not None and fault.kind == "busy":
                response: web.StreamResponse = _json(*_busy(operation, request.match_info["thread"]))
            else:
                response = await self._answer(request, fault, carry_out)
            asked.status = response.status
            return response

        return serve

    async def _answer(
        self, request: web.Request, fault: ThreadFault | None, carry_out: Callable[[], WireError]
    ) -> web.StreamResponse:
        if fault is None:
            return _json(*carry_out())
        if fault.kind == "late":
            if fault.seconds is None:
                self._late.append(carry_out)
            else:
                asyncio.get_running_loop().call_later(fault.seconds, carry_out)
            await asyncio.Event().wait()
        if fault.kind == "gone":
            return _json(*carry_out())
        answer = carry_out() if fault.after else WireError(200, {"id": "never"})
        match fault.kind:
            case "rate_limit":
                return _json(*wire.rate_limited("small-1"), headers=fault.headers)
            case "server_error":
                return _json(*wire.server_error(fault.status), headers=fault.headers)
            case "refused":
                return _json(*wire.error(400, "The double was told to refuse this.", "invalid_request_error"))
            case "forbidden":
                return _json(*wire.error(403, "This thread belongs to another project.", "invalid_request_error"))
        spoiled = await spoil(fault.kind, request, msgspec.json.encode(answer.body))
        assert spoiled is not None
        return spoiled

    def _wrong(self, request: web.Request, operation: str, body: Json) -> WireError | None:
        if request.headers.get("openai-beta") != "assistants=v2":
            return threads_wire.no_beta_header()
        thread = request.match_info.get("thread", "")
        return self._refusal(request) or threads_wire.problem(operation, body, thread)

    def _take(self, operation: str) -> ThreadFault | None:
        for place, fault in enumerate(self.faults):
            if fault.on not in ("", operation):
                continue
            if fault.skip:
                self.faults[place] = msgspec.structs.replace(fault, skip=fault.skip - 1)
                continue
            if fault.times is not None:
                left = msgspec.structs.replace(fault, times=fault.times - 1)
                self.faults[place : place + 1] = [left] if left.times else []
            return fault
        return None


def _busy(operation: str, thread: str) -> WireError:
    refusal = threads_wire.cannot_add if operation == "messages.create" else threads_wire.has_active_run
    return refusal(thread, "run_elsewhere")


def _json(status: int, body: Json, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/json", headers=headers or {}
    )
