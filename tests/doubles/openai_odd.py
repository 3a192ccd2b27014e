"""Odd servers of Chat Completions: what they refuse, in their own words, and the forms in which they answer.

The words are those of issues about vLLM, llama.cpp, Ollama, OpenRouter, Gemini's endpoint, DeepSeek, Groq and Mistral.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from tests.doubles.openai_wire import Json

Refusal = tuple[int, Any]
"""A status and a body that is no envelope of OpenAI's."""


class Odd(NamedTuple):
    """An odd server.

    - `refuses`: what it says to a request that it does not take; None: it takes it.
    - `answers`: the bytes in place of a completion, given how many were given before.
    - `lacks`: abilities that nothing can give it.
    """

    refuses: Callable[[Json], Refusal | None] = lambda _: None
    answers: Callable[[Json, int], bytes] = lambda answer, _: msgspec.json.encode(answer)
    lacks: frozenset[str] = frozenset()


TOOLS = frozenset({"tool with an argument", "tool without arguments", "two tools", "question with choices"})
PICTURES = frozenset({"picture"})


def _error(status: int, message: str, **more: Any) -> Refusal:
    return status, {"error": {"message": message, "type": "invalid_request_error", "code": status, **more}}


def _roles(body: Json) -> list[str]:
    return [message["role"] for message in body["messages"] if message["role"] != "tool"]


def _alternates(body: Json) -> Refusal | None:
    roles = _roles(body)
    roles = roles[1:] if roles[0] == "system" else roles
    asks = [message for message in body["messages"] if "tool_calls" not in message and message["role"] != "tool"]
    spoken = [message["role"] for message in asks if message["role"] != "system"]
    if "system" not in roles and spoken[0] == "user" and all(one != other for one, other in pairwise(spoken)):
        return None
    words = "After the optional system message, conversation roles must alternate user/assistant/user/assistant/..."
    return 400, {"object": "error", "message": words, "type": "BadRequestError", "param": None, "code": 400}


def _no_system(words: str, status: int = 400) -> Callable[[Json], Refusal | None]:
    return lambda body: _error(status, words) if "system" in _roles(body) else None


def _no_tools(status: int, words: str) -> Odd:
    return Odd(lambda body: _error(status, words) if body.get("tools") else None, lacks=TOOLS)


def _no_pictures(status: int, words: str, *, body_is: str = "object") -> Odd:
    def refuses(body: Json) -> Refusal | None:
        if "image_url" not in str(body["messages"]):
            return None
        return (status, words) if body_is == "string" else _error(status, words)

    return Odd(refuses, lacks=PICTURES)


_FANCY = ("$defs", "$ref", "anyOf", "default", "additionalProperties", "title")


def _plain_schemas(body: Json) -> Refusal | None:
    told = str(body.get("tools", ""))
    for word in _FANCY:
        if f"'{word}'" in told:
            words = (
                f"Invalid JSON payload received. Unknown name \"{word}\" at 'tools[0].parameters': Cannot find field."
            )
            return 400, [{"error": {"code": 400, "message": words, "status": "INVALID_ARGUMENT"}}]
    return None


def _asks(body: Json) -> list[Json]:
    return [message for message in body["messages"] if "tool_calls" in message]


def _signed(body: Json) -> Refusal | None:
    calls = [call for message in _asks(body) for call in message["tool_calls"]]
    if all(call.get("extra_content") == {"google": {"thought_signature": f"sig-{call['id']}"}} for call in calls):
        return None
    words = "Function call is missing a thought_signature in functionCall parts."
    return 400, [{"error": {"code": 400, "message": words, "status": "INVALID_ARGUMENT"}}]


def _with_signatures(answer: Json, _: int) -> bytes:
    for call in answer["choices"][0]["message"].get("tool_calls") or ():
        call["extra_content"] = {"google": {"thought_signature": f"sig-{call['id']}"}}
    return msgspec.json.encode(answer)


def _thought(body: Json) -> Refusal | None:
    if all(message.get("reasoning_content") == "They want it." for message in _asks(body)):
        return None
    return _error(400, "The `reasoning_content` in the thinking mode must be passed back to the API.")


def _with_thought(answer: Json, _: int) -> bytes:
    answer["choices"][0]["message"]["reasoning_content"] = "They want it."
    return msgspec.json.encode(answer)


def _no_extras(body: Json) -> Refusal | None:
    if any("reasoning_content" in message for message in body["messages"]):
        return _error(400, "property 'reasoning_content' is unsupported")
    return None


def _one_call(body: Json) -> Refusal | None:
    if any(len(message["tool_calls"]) > 1 for message in _asks(body)):
        return _error(500, "This model only supports single tool-calls at once!")
    return None


def _short_ids(body: Json) -> Refusal | None:
    if all(len(call["id"]) == 9 and call["id"].isalnum() for ask in _asks(body) for call in ask["tool_calls"]):
        return None
    return _error(500, "Tool call IDs should be alphanumeric strings with length 9!")


def _all_at_once(body: Json) -> Refusal | None:
    """OpenAI's own rule: after a message with calls come the results of all of them."""
    messages = body["messages"]
    for place, message in enumerate(messages):
        ids = [call["id"] for call in message.get("tool_calls", ())]
        after = [one.get("tool_call_id") for one in messages[place + 1 : place + 1 + len(ids)]]
        if ids and after != ids:
            return _error(400, "An assistant message with 'tool_calls' must be followed by tool messages")
    return None


def _content(change: Callable[[Any], Any]) -> Odd:
    def answers(answer: Json, _: int) -> bytes:
        message = answer["choices"][0]["message"]
        message["content"] = change(message["content"]) if message["content"] else message["content"]
        return msgspec.json.encode(answer)

    return Odd(answers=answers)


def _arguments(change: Callable[[str], Any]) -> Odd:
    def answers(answer: Json, _: int) -> bytes:
        for call in answer["choices"][0]["message"].get("tool_calls") or ():
            call["function"]["arguments"] = change(call["function"]["arguments"])
        return msgspec.json.encode(answer)

    return Odd(answers=answers)


def _first(body: Any) -> Odd:
    """A server whose first answer is `body`, with status 200."""
    said = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Odd(answers=lambda answer, before: msgspec.json.encode(answer) if before else said)


def _changed_first(change: Callable[[Json], None]) -> Odd:
    def answers(answer: Json, before: int) -> bytes:
        if not before:
            change(answer)
        return msgspec.json.encode(answer)

    return Odd(answers=answers)


def _bare(answer: Json, change: Callable[[Json], Any]) -> bytes:
    return msgspec.json.encode({**answer, "choices": [change(answer["choices"][0])]})


def _errs(answer: Json) -> None:
    answer["choices"][0] |= {
        "finish_reason": "error",
        "error": {"code": 502, "message": "Upstream error"},
        "message": {"role": "assistant", "content": "Half of"},
    }


def _is_empty(answer: Json) -> None:
    answer["choices"][0]["message"] = {"role": "assistant", "content": "", "reasoning_content": "So they want it."}


def _stream(answer: Json, _: int) -> bytes:
    """The events of a stream, though none was asked for."""
    message = answer["choices"][0]["message"]
    deltas: list[Json] = [{"role": "assistant"}]
    deltas += [{"content": piece} for piece in (message["content"] or "")]
    for place, call in enumerate(message.get("tool_calls") or ()):
        name = {"name": call["function"]["name"], "arguments": ""}
        deltas.append({"tool_calls": [{"index": place, "id": call["id"], "type": "function", "function": name}]})
        pieces = call["function"]["arguments"]
        deltas += [{"tool_calls": [{"index": place, "function": {"arguments": piece}}]} for piece in pieces]
    chunks = [
        {"id": "c1", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": one}]} for one in deltas
    ]
    chunks.append({"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    events = [b": ping", *(b"data: " + msgspec.json.encode(chunk) for chunk in chunks), b"data: [DONE]"]
    return b"\n\n".join(events) + b"\n\n"


def _cut(answer: Json, _: int) -> bytes:
    """No answer is longer than 300 characters."""
    choice = answer["choices"][0]
    said = choice["message"]["content"] or ""
    if len(said) > 300:
        choice |= {"finish_reason": "length", "message": {**choice["message"], "content": said[:300]}}
    return msgspec.json.encode(answer)


_PROVIDER = {"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "slow down"}}}

ODD: dict[str, Odd] = {
    "roles alternate": Odd(_alternates),
    "no system role": Odd(_no_system("System role not supported")),
    "no developer instruction": Odd(_no_system("Developer instruction is not enabled for models/gemma-3-27b-it")),
    "user and assistant alone": Odd(_no_system("Only user and assistant roles are supported!", 500)),
    "no tools at Ollama": _no_tools(400, "registry.ollama.ai/library/gemma3:4b does not support tools"),
    "no tools at vLLM": _no_tools(
        400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
    ),
    "no tools at OpenRouter": _no_tools(404, 'No endpoints found that support tool use. Try disabling "door_code".'),
    "no tools at llama.cpp": _no_tools(500, "tools param requires --jinja flag"),
    "no tools at Gemini": _no_tools(400, "Function calling is not enabled for models/gemma-3-27b-it"),
    "no pictures at llama.cpp": _no_pictures(500, "image input is not supported by this server"),
    "no pictures at OpenRouter": _no_pictures(404, "No endpoints found that support image input"),
    "no pictures at Ollama": _no_pictures(400, "this model does not support image input"),
    "no pictures at DeepSeek": _no_pictures(
        422,
        "Failed to deserialize the JSON body into the target type: messages[1]: unknown variant `image_url`, expected "
        "`text` at line 1 column 240",
        body_is="string",
    ),
    "plain schemas": Odd(_plain_schemas),
    "thought signatures": Odd(_signed, _with_signatures),
    "reasoning content": Odd(_thought, _with_thought),
    "takes no extras back": Odd(_no_extras, _with_thought),
    "one call in a message": Odd(_one_call),
    "short ids": Odd(_short_ids),
    "results of all calls": Odd(_all_at_once),
    "thinking and text": _content(
        lambda text: [
            {"type": "thinking", "thinking": [{"type": "text", "text": "They want a word: none."}]},
            {"type": "text", "text": text},
            {"type": "hologram", "data": [1]},
        ]
    ),
    "texts in parts": _content(lambda text: [{"type": "output_text", "text": {"value": text}}, "", None]),
    "one part": _content(lambda text: {"type": "text", "text": text}),
    "arguments as an object": _arguments(msgspec.json.decode),
    "no arguments as null": _arguments(lambda text: None if text == "{}" else text),
    "no arguments as an empty text": _arguments(lambda text: "" if text == "{}" else text),
    "a number in the error": _first({**_PROVIDER, "choices": None}),
    "a text in the error": _first({"error": {"code": "503", "message": "overloaded"}, "choices": []}),
    "an error within an error": _first({"error": {"message": '{"error": {"code": 429, "message": "exhausted"}}'}}),
    "a list of errors": _first([{"error": {"code": 503, "message": "high demand", "status": "UNAVAILABLE"}}]),
    "an error in words": _first({"error": "the model is loading"}),
    "finish_reason error": _changed_first(_errs),
    "a proxy's page": _first(b"<html><head><title>502 Bad Gateway</title></head></html>"),
    "an error in a stream": _first(b'data: {"error": {"code": 502, "message": "upstream"}}\n\ndata: [DONE]\n\n'),
    "choices null": _first({"id": "x", "choices": None}),
    "no choices": _first({"id": "x", "object": "chat.completion"}),
    "empty": _changed_first(_is_empty),
    "a bare message": Odd(answers=lambda answer, _: _bare(answer, lambda choice: choice["message"])),
    "a delta": Odd(answers=lambda answer, _: _bare(answer, lambda choice: {"delta": choice["message"]})),
    "a word of success": Odd(
        answers=lambda answer, _: msgspec.json.encode({**answer, "error": {"code": 0, "message": "success"}})
    ),
    "MiniMax's error": _first({"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}),
    "an error without a name": _first({"code": 503, "msg": "the service is busy"}),
    "calls that are no list": Odd(
        answers=lambda answer, _: _bare(
            answer, lambda one: {"message": {**one["message"], "tool_calls": one["message"].get("tool_calls") or {}}}
        )
    ),
    "usage as a list": Odd(answers=lambda answer, _: msgspec.json.encode({**answer, "usage": [1, 2]})),
    "marks of no width": _changed_first(lambda answer: answer["choices"][0]["message"].update(content="\u200b\ufeff")),
    "a stream": Odd(answers=_stream),
    "a list of answers": Odd(answers=lambda answer, _: msgspec.json.encode([answer])),
    "usage in words": Odd(answers=lambda answer, _: msgspec.json.encode({**answer, "usage": {"prompt_tokens": "12"}})),
    "ids as numbers": Odd(answers=lambda answer, _: msgspec.json.encode({**answer, "id": 7, "model": None})),
}
"""By what is odd."""

CUT = Odd(answers=_cut)
