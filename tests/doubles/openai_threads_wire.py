"""Threads, messages and runs as api.openai.com wrote them, and what it refused, by the openai library's own types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from openai.types.beta.thread_create_params import ThreadCreateParams
from openai.types.beta.thread_update_params import ThreadUpdateParams
from openai.types.beta.threads.message_create_params import MessageCreateParams
from openai.types.beta.threads.run_create_params import RunCreateParamsNonStreaming
from openai.types.beta.threads.run_submit_tool_outputs_params import RunSubmitToolOutputsParamsNonStreaming
from pydantic import TypeAdapter, ValidationError

from tests.doubles import openai_wire as wire
from tests.doubles.moment import without_moment
from tests.doubles.openai_wire import Json, WireError

_PARAMS: dict[str, Any] = {
    "threads.create": ThreadCreateParams,
    "threads.update": ThreadUpdateParams,
    "messages.create": MessageCreateParams,
    "runs.create": RunCreateParamsNonStreaming,
    "runs.submit": RunSubmitToolOutputsParamsNonStreaming,
}
_ADAPTERS: dict[str, TypeAdapter[Any]] = {operation: TypeAdapter(params) for operation, params in _PARAMS.items()}

MOST_MESSAGES_AT_CREATION = 32


def problem(operation: str, body: Json, thread: str) -> WireError | None:
    """What is wrong with the body of a request; None if nothing is."""
    if operation not in _ADAPTERS:
        return None
    params = _PARAMS[operation]
    for param in body.keys() - params.__required_keys__ - params.__optional_keys__:
        return wire.unknown_parameter(param)
    # thread_id is in the path, and in the library's type of this one.
    whole = body | {"thread_id": thread} if operation == "runs.submit" else body
    try:
        _consume(_ADAPTERS[operation].validate_python(whole))
    except ValidationError as error:
        first = error.errors()[0]
        return wire.invalid(".".join(str(part) for part in first["loc"]) or operation, first["msg"])
    messages = body.get("messages", [body] if operation == "messages.create" else [])
    if len(messages) > MOST_MESSAGES_AT_CREATION:
        return wire.invalid("messages", f"maximum {MOST_MESSAGES_AT_CREATION} messages on thread create")
    if any(not message["content"] for message in messages):
        return wire.error(400, "Message content must be non-empty.", "invalid_request_error", param="content")
    return next((wrong for one in (body, *messages) if (wrong := _metadata_problem(one.get("metadata") or {}))), None)


def _metadata_problem(metadata: Mapping[str, str]) -> WireError | None:
    if len(metadata) > 16:
        return wire.invalid("metadata", "too many properties, expected at most 16")
    for key, value in metadata.items():
        if len(key) > 64 or len(value) > 512:
            return wire.invalid(f"metadata.{key}", "string too long, expected at most 512 (64 in a key)")
    return None


def _consume(value: Any) -> None:
    """Iterables of the library's types are checked by pydantic as they are consumed."""
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, str) or not (isinstance(value, list | Iterator) or hasattr(value, "__iter__")):
        return
    for one in value:
        _consume(one)


def no_beta_header() -> WireError:
    return wire.error(
        400,
        "You must provide the 'OpenAI-Beta' header to access the Assistants API. Please try again by setting the "
        "header 'OpenAI-Beta: assistants=v2'.",
        "invalid_request_error",
        code="invalid_beta",
    )


def not_found(what: str, id_: str) -> WireError:
    return wire.error(404, f"No {what} found with id '{id_}'.", "invalid_request_error")


def cannot_add(thread: str, run: str) -> WireError:
    return wire.error(400, f"Can't add messages to {thread} while a run {run} is active.", "invalid_request_error")


def has_active_run(thread: str, run: str) -> WireError:
    return wire.error(400, f"Thread {thread} already has an active run {run}.", "invalid_request_error")


def takes_no_outputs(status: str) -> WireError:
    return wire.error(400, f'Runs in status "{status}" do not accept tool outputs.', "invalid_request_error")


def other_outputs_expected(expected: list[str], got: list[str]) -> WireError:
    return wire.error(
        400, f"Expected tool outputs for call_ids {expected}, got {got}", "invalid_request_error", param="tool_outputs"
    )


def cannot_cancel(status: str) -> WireError:
    return wire.error(400, f"Cannot cancel run with status '{status}'.", "invalid_request_error")


def page(items: list[Json], query: Mapping[str, str], *, newest_first: bool = True) -> Json:
    """The part of `items` (oldest first) that order, after, before and limit ask for."""
    items = items[::-1] if query.get("order", "desc") == "desc" else items
    ids = [item["id"] for item in items]
    if query.get("after") in ids:
        items = items[ids.index(query["after"]) + 1 :]
    if query.get("before") in ids:
        items = items[: [item["id"] for item in items].index(query["before"])]
    limit = int(query.get("limit", "20"))
    shown = items[:limit]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": len(items) > limit,
    }


def shown_part(part: Json) -> Json:
    """A part of a message as it is shown that was sent as `part`."""
    is_text = part["type"] == "text" and isinstance(part["text"], str)
    return text_part(part["text"]) if is_text else part


def text_of(message: Json) -> str:
    return without_moment(" ".join(part["text"]["value"] for part in message["content"] if part["type"] == "text"))


def pictures_of(body: Json) -> list[str]:
    """The ids of the files that a message shows."""
    content = body["content"]
    parts = content if isinstance(content, list) else []
    return [part["image_file"]["file_id"] for part in parts if part["type"] == "image_file"]


def text_part(text: str) -> Json:
    return {"type": "text", "text": {"value": text, "annotations": []}}
