"""Sessions, turns and items as api.openai.com writes them, and what it refuses, by the openai library's own types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai.types.beta.agents.session_create_params import SessionCreateParamsNonStreaming
from openai.types.beta.agents.session_update_params import SessionUpdateParams
from openai.types.beta.agents.sessions.event_create_params import EventCreateParams
from pydantic import TypeAdapter, ValidationError

from tests.doubles import openai_wire as wire
from tests.doubles.moment import without_moment
from tests.doubles.openai_parts import wrong_parts
from tests.doubles.openai_wire import Json, WireError

_PARAMS: dict[str, Any] = {
    "sessions.create": SessionCreateParamsNonStreaming,
    "sessions.update": SessionUpdateParams,
    "events.create": EventCreateParams,
}
_ADAPTERS: dict[str, TypeAdapter[Any]] = {operation: TypeAdapter(params) for operation, params in _PARAMS.items()}


def problem(operation: str, body: Json) -> WireError | None:
    """What is wrong with the body of a request; None if nothing is."""
    if operation not in _ADAPTERS:
        return None
    params = _PARAMS[operation]
    known = params.__required_keys__ | params.__optional_keys__
    for param in body.keys() - known:
        return wire.unknown_parameter(param)
    try:
        _drain(_ADAPTERS[operation].validate_python(body))
    except ValidationError as error:
        first = error.errors()[0]
        return wire.invalid(".".join(str(part) for part in first["loc"]) or operation, first["msg"])
    if operation == "sessions.create":
        if body["environment"]["type"] == "none" and not body.get("input"):
            return wire.invalid("input", "required when environment.type is none")
        if "agent_id" not in body and "model" not in body.get("agent", {}):
            return wire.invalid("agent.model", "required without agent_id")
    if wrong := wrong_parts(_messages(operation, body), frozenset()):
        return wrong
    if any(not text for message in _messages(operation, body) for text in _texts(message)):
        return wire.invalid("input", "text must not be empty")
    return _metadata_problem(body.get("metadata") or {})


def text_of(message: Json) -> str:
    return without_moment("".join(_texts(message)))


def not_found(what: str, id_: str) -> WireError:
    return wire.error(404, f"No {what} found with id '{id_}'.", "invalid_request_error")


def still_running(session: str) -> WireError:
    return wire.error(409, f"Session '{session}' is running: cancel it first.", "invalid_request_error")


def not_pending(call: str) -> WireError:
    """What openai.lib.streaming.agents knows as a call that the server has not registered yet."""
    return wire.error(400, f"Unknown pending tool call: {call}", "invalid_request_error", code="invalid_request_error")


def no_beta_header() -> WireError:
    return wire.error(400, "Missing header 'OpenAI-Beta: agents=v1'.", "invalid_request_error", code="invalid_beta")


def session(id_: str, agent: Json, **fields: Any) -> Json:
    """A session with `fields` in which it differs from one at rest."""
    return {
        "id": id_,
        "object": "agent.session",
        "agent": agent,
        "environment": {"type": "none"},
        "error": None,
        "required_actions": [],
        "status": "idle",
        "usage": None,
        "vault_ids": [],
        **fields,
    }


def agent(id_: str, model: str, tools: list[Json], instructions: str | None = None) -> Json:
    return {
        "id": id_,
        "instructions": instructions,
        "model": model,
        "multi_agent": {"enabled": False, "max_concurrent_subagents": None},
        "name": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "auto",
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tools": [{"defer_loading": False} | tool if tool["type"] == "function" else tool for tool in tools],
    }


def usage(asked: int, said: int) -> Json:
    return {
        "input_tokens": asked,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": asked + said,
    }


def _messages(operation: str, body: Json) -> list[Json]:
    if operation == "sessions.create":
        given = body.get("input")
        return given if isinstance(given, list) else []
    return [message for event in body.get("events", ()) for message in event.get("input", ())]


def _texts(message: Json) -> list[str]:
    return [part["text"] for part in message["content"] if part["type"] in ("input_text", "output_text")]


def _metadata_problem(metadata: Mapping[str, str]) -> WireError | None:
    if len(metadata) > 16:
        return wire.invalid("metadata", "too many properties, expected at most 16")
    for key, value in metadata.items():
        if len(key) > 64 or len(value) > 512:
            return wire.invalid(f"metadata.{key}", "string too long, expected at most 512 (64 in a key)")
    return None


def _drain(value: Any) -> None:
    """Iterables of the library's types are checked by pydantic as they are consumed."""
    if isinstance(value, dict):
        value = value.values()
    if not isinstance(value, str) and hasattr(value, "__iter__"):
        for one in value:
            _drain(one)
