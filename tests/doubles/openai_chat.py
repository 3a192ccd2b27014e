"""POST /v1/chat/completions: what the real one refuses, and what it answers."""

from __future__ import annotations

import time
from typing import Any

from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import TypeAdapter, ValidationError

from tests.doubles import openai_wire as wire
from tests.doubles.moment import without_moment
from tests.doubles.openai_parts import PDF, wrong_parts
from tests.doubles.openai_wire import Json, WireError

_PARAMS: TypeAdapter[Any] = TypeAdapter(CompletionCreateParamsNonStreaming)
_KNOWN = CompletionCreateParamsNonStreaming.__required_keys__ | CompletionCreateParamsNonStreaming.__optional_keys__


def problem(body: Json) -> WireError | None:
    """What is wrong with the request by the openai library's own types; None if nothing is."""
    if not body:
        return wire.not_json()
    try:
        # Messages are an Iterable there, which pydantic checks as it is consumed.
        messages = list(_PARAMS.validate_python(body)["messages"])
    except ValidationError as error:
        first = error.errors()[0]
        return wire.invalid(".".join(str(part) for part in first["loc"]) or "messages", first["msg"])
    if not messages:
        return wire.invalid("messages", "empty array, expected at least one message")
    for param in body.keys() - _KNOWN:
        return wire.unknown_parameter(param)
    return wrong_parts(body["messages"], PDF)


def last_user_text(body: Json) -> str:
    texts = (text_of(message) for message in reversed(body.get("messages", ())) if message["role"] == "user")
    return next(texts, "")


def text_of(message: Json) -> str:
    content = message.get("content") or ""
    return without_moment(content if isinstance(content, str) else " ".join(part.get("text", "") for part in content))


def completion(number: int, body: Json, text: str) -> Json:
    """A chat completion object that says `text`; tokens are words."""
    asked = sum(len(text_of(message).split()) for message in body["messages"])
    said = len(text.split())
    return {
        "id": f"chatcmpl-double{number:08}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": said,
            "total_tokens": asked + said,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
        "system_fingerprint": "fp_double",
    }


def spoiled(kind: str, answer: Json) -> Json:
    """`answer` with the fault of an AnswerFault in it."""
    choice = answer["choices"][0]
    match kind:
        case "refusal":
            choice["message"] |= {"content": None, "refusal": "I'm sorry, I cannot assist with that request."}
        case "content_filter":
            choice |= {"finish_reason": "content_filter", "message": choice["message"] | {"content": "Half of"}}
        case "blank":
            choice["message"]["content"] = " \n"
        case "no_choices":
            answer["choices"] = []
    return answer
