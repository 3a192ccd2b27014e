"""An error in a server's own words: of an answer of 400 or more, or inside an answer of 200."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from backends.protocol import ErrorClass
from events.numbers import whole_number

LONGEST = 4_000
"""Characters of an error's words that are read."""

_DEEPEST = 5
_NAMED = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "resource_exhausted": 429,
    "too_many_requests": 429,
    "insufficient_quota": 429,
    "invalid_argument": 400,
    "invalid_request_error": 400,
    "failed_precondition": 400,
    "unauthenticated": 401,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_denied": 403,
    "not_found": 404,
    "not_found_error": 404,
    "model_not_found": 404,
    "deadline_exceeded": 504,
    "unavailable": 503,
    "overloaded_error": 503,
    "server_error": 500,
    "internal": 500,
    "internal_server_error": 500,
    "context_length_exceeded": 400,
    "exceed_context_size_error": 400,
}
"""The status that each code or type stands for, where an error bears no number."""

# At OpenAI error.type is insufficient_quota for all of these, but its docs advise to use error.code.
_QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)
# content_filter is Azure's code; with invalid_prompt reasoning models reject a prompt against the usage policy.
_REFUSAL_CODES = frozenset({"content_filter", "content_policy_violation", "invalid_prompt"})
_CONTEXT = re.compile(
    r"context (?:length|size|window)|token count[^.]{0,40} exceeds|prompt is too long|maximum number of tokens"
)
_RATE = re.compile(r"rate.?limit|too many requests|resource.?exhausted")
_HEADLINE = re.compile(r"<(?:title|h1)[^>]{0,200}>([^<]{0,200})", re.IGNORECASE)
_STATUS = re.compile(r"\b([45]\d\d)\b")


class Problem(msgspec.Struct, frozen=True):
    """An error.

    - `status`: the HTTP status, or the one that the body names; 0: neither is known.
    - `message`: the server's words, at most LONGEST characters.
    - `code`, `type`, `param`: as in OpenAI's envelope; empty: not given.
    """

    status: int
    message: str
    code: str = ""
    type: str = ""
    param: str = ""

    @property
    def error_class(self) -> ErrorClass:
        """The class of the failure. Without a status it may pass: a server that knew better would have said so."""
        status, message = self.status, self.message.lower()
        if status == 402 or self.code in _QUOTA_CODES or self.type == "insufficient_quota":
            return "quota_exhausted"
        if status == 429 or (not status and _RATE.search(message)):
            return "rate_limited"
        # llama.cpp gives the type, vLLM gives only the message, and a proxy in front of a server answers 413.
        if self.code == "context_length_exceeded" or self.type == "exceed_context_size_error" or status == 413:
            return "context_too_long"
        if status in (400, 422, 500) and _CONTEXT.search(message):
            return "context_too_long"
        if status in (0, 408, 409) or status >= 500:
            return "provider_error"
        if self.code == "model_not_found" or (status == 404 and "model" in message):
            return "unknown_model"
        if status in (401, 403):
            return "bad_key"
        return "refused" if self.code in _REFUSAL_CODES else "bad_request"


def problem_of(status: int, body: bytes) -> Problem:
    """The error of an answer with a `status` of 400 or more."""
    try:
        told = _found(msgspec.json.decode(body), status, is_error=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told = None
    # The status of the answer counts: some servers repeat a number of their own in the body.
    if told is None:
        return Problem(status, body[:LONGEST].decode(errors="replace"))
    return msgspec.structs.replace(told, status=status)


def problem_within(body: bytes) -> Problem | None:
    """The error in an answer of 200; None if it holds none: an error object, an event of a stream, a proxy's page."""
    try:
        return _found(msgspec.json.decode(body), 0, is_error=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    start = body.lstrip()[:2_000]
    if start.startswith((b"data:", b"event:", b":")):
        return next(filter(None, map(problem_within, _events(body))), None)
    if not start.startswith(b"<"):
        return None
    for headline in _HEADLINE.finditer(start.decode(errors="replace")):
        if number := _STATUS.search(headline[1]):
            return Problem(int(number[1]), headline[1].strip())
    return None


def problem_in(value: Any) -> Problem | None:
    """The error in a decoded `error` field; None if it says nothing."""
    return _found({"error": value}, 0, is_error=False)


def _events(body: bytes) -> Iterator[bytes]:
    for line in body.splitlines():
        if line.startswith(b"data:"):
            yield line[5:].strip()


def _found(body: Any, status: int, *, is_error: bool, depth: int = 0) -> Problem | None:
    if depth > _DEEPEST:
        return None
    deeper = depth + 1
    match body:
        case str() if is_error and body.strip():
            return _from_text(body, status, deeper)
        case list() if is_error and (listed := _listed(body, status)) is not None:
            return listed
        case list():
            each = (_found(one, status, is_error=is_error, depth=deeper) for one in body[:5])
            return next(filter(None, each), None)
        case {"error": inner} if inner:
            if not isinstance(inner, dict | list | str):
                inner = {name: value for name, value in body.items() if name != "error"}
            found = _found(inner, status, is_error=True, depth=deeper)
            return found or Problem(_status_of(body) or status, msgspec.json.encode(inner).decode()[:LONGEST])
        case {"errors": [*several]} if several:
            return _found(several, status, is_error=True, depth=deeper)
        case {"object": "error"} | {"type": "error"}:
            return _from_object(body, status, deeper)
        case dict():
            return _bare(body, status, is_error=is_error, depth=deeper)
        case _:
            return None


def _bare(body: dict[str, Any], status: int, *, is_error: bool, depth: int) -> Problem | None:
    """The error of an object without an `error`."""
    match body:
        case {"base_resp": {"status_code": int(number), "status_msg": str(words)}} if number:  # MiniMax's
            return Problem(status, words[:LONGEST], str(number))
        case {"detail": (str() | list() | dict()) as detail} if is_error or len(body) <= 2:
            return _found(detail, status, is_error=True, depth=depth)
        case {"message": str()} | {"msg": str()} if any(body.get(name) for name in ("code", "status", "status_code")):
            return _from_object(body, status, depth)
        case dict() if is_error and body:
            return _from_object(body, status, depth)
        case _:
            return None


def _from_text(text: str, status: int, depth: int) -> Problem:
    """The error that `text` words, or that it holds as JSON: gateways wrap the error of the server behind them."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            inner = _found(msgspec.json.decode(text), status, is_error=True, depth=depth)
        except (msgspec.DecodeError, RecursionError):
            inner = None
        if inner is not None:
            return inner
    return Problem(status, text.strip()[:LONGEST])


def _from_object(told: dict[str, Any], status: int, depth: int) -> Problem:
    says = next((told[name] for name in ("message", "msg", "detail", "error") if told.get(name)), "")
    inner = _found(says, 0, is_error=True, depth=depth) or Problem(0, "")
    message = inner.message
    metadata = told.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("raw"), str):  # OpenRouter's: the provider's own words
        message = f"{message}: {_from_text(metadata['raw'], 0, depth).message}"
    return Problem(
        _status_of(told) or inner.status or status,
        message[:LONGEST],
        _word(told.get("code")) or inner.code,
        _word(told.get("type")) or inner.type,
        _word(told.get("param")) or inner.param,
    )


def _listed(errors: list[Any], status: int) -> Problem | None:
    """The errors of a validator (`loc`, `msg`), without the values that it quotes."""
    named = [one for one in errors if isinstance(one, dict) and isinstance(one.get("loc"), list) and "msg" in one]
    if not named:
        return None
    places = [".".join(str(step) for step in one["loc"]) for one in named]
    message = "; ".join(f"{place}: {one['msg']}" for place, one in zip(places, named, strict=True))
    return Problem(status, message[:LONGEST], type=_word(named[0].get("type")), param=places[0].rpartition(".")[2])


def _status_of(told: dict[str, Any]) -> int:
    """The status that an error object names, as a number, in digits or in words; 0: none."""
    for name in ("code", "status", "status_code", "type"):
        value = told.get(name)
        if isinstance(value, str):
            named = _NAMED.get(value.lower())
            value = named if named is not None else whole_number(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and 400 <= value <= 599:
            return int(value)
    return 0


def _word(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""
