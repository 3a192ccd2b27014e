"""Faults of the double of the Responses and Conversations APIs, and the requests that they hit."""

from __future__ import annotations

from typing import Literal

import msgspec

from tests.doubles import openai_wire as wire
from tests.doubles.openai_wire import WireError

Operation = Literal[
    "responses.create",
    "responses.retrieve",
    "responses.cancel",
    "conversations.create",
    "conversations.delete",
    "items.create",
    "items.list",
    "items.delete",
]
Before = Literal["error", "rate_limit", "locked", "drop", "hang"]
After = Literal["lost", "error_after", "not_json", "empty_object", "silent"]
Fate = Literal["stuck", "failed", "incomplete", "cancelled", "expired", "refusal", "blank"]

BEFORE: tuple[str, ...] = ("error", "rate_limit", "locked", "drop", "hang")
AFTER: tuple[str, ...] = ("lost", "error_after", "not_json", "empty_object", "silent")


class ResponsesFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to do wrong, as JSON on the control endpoint too.

    It strikes the next `times` requests (None: all) of the operation `at` (None: of any), after `skip` of them, that
    contain `match`. `error`, `rate_limit`, `locked`, `drop` and `hang` strike before the double acts. After it has
    acted: `lost` drops the connection, `error_after` answers `status`, `silent` nothing, `not_json` and `empty_object`
    answer 200 with garbage. The others are what becomes of a response that is created: `code` is the error's, or why it
    is incomplete.
    """

    kind: Before | After | Fate
    at: Operation | None = "responses.create"
    times: int | None = 1
    skip: int = 0
    match: str = ""
    status: int = 500
    code: str | None = None
    message: str | None = None
    param: str | None = None
    headers: dict[str, str] = {}


class ResponsesFaults:
    """Faults in the order they were asked for; the first that fits a request strikes it."""

    def __init__(self) -> None:
        self._waiting: list[ResponsesFault] = []

    def add(self, *faults: ResponsesFault) -> None:
        self._waiting.extend(faults)

    def clear(self) -> None:
        self._waiting.clear()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self, operation: str, sent: str) -> ResponsesFault | None:
        for place, fault in enumerate(self._waiting):
            if fault.at not in (None, operation) or fault.match not in sent:
                continue
            if fault.skip:
                self._waiting[place] = msgspec.structs.replace(fault, skip=fault.skip - 1)
                continue
            if fault.times is not None:
                left = msgspec.structs.replace(fault, times=fault.times - 1)
                self._waiting[place : place + 1] = [left] if left.times else []
            return fault
        return None


def error_of(fault: ResponsesFault) -> WireError:
    match fault.kind:
        case "rate_limit":
            return wire.rate_limited("small-1")
        case "locked":
            return locked()
        case _ if fault.message is None:
            return wire.server_error(fault.status)
        case _:
            kind = "invalid_request_error" if fault.status < 500 else "server_error"
            return wire.error(fault.status, fault.message, kind, param=fault.param, code=fault.code)


def locked() -> WireError:
    return wire.error(
        400,
        "Another process is currently operating on this conversation. Please retry in a few seconds.",
        "invalid_request_error",
        param="conversation",
        code="conversation_locked",
    )
