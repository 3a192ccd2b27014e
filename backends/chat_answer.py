"""Answers of the Chat Completions API in all the forms that servers give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from backends.chat_request import Written
from backends.protocol import Answer, ReplyRequest, ToolCall, ToolsWanted, Usage
from backends.provider.answer_parts import arguments_of, refusal_of, text_of, word
from backends.provider.client import UNREADABLE, Wire, cached, count
from backends.provider.problem import problem_in
from backends.provider.retry import AttemptFailed
from chat.limits import LONGEST_RAW
from events.details import Detail

_LENGTHS = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
"""Values of `finish_reason` for an answer that reached its longest length."""


class Said(msgspec.Struct):
    content: Any = None
    refusal: Any = None
    tool_calls: Any = None


class Choice(msgspec.Struct):
    message: Said | None = None
    finish_reason: Any = None
    error: Any = None


class Completion(msgspec.Struct):
    """The fields that are read of a chat completion (https://platform.openai.com/docs/api-reference/chat/object).

    A field of which servers send several forms takes any value: msgspec decodes that as quickly as a text.
    """

    choices: list[Choice] | None = None
    id: Any = None
    model: Any = None
    usage: Any = None
    error: Any = None


class Empty(AttemptFailed):
    """The answer says nothing. Another request may be answered better."""

    def __init__(self, detail: str) -> None:
        super().__init__("malformed_answer", detail)


def read(wire: Wire, body: bytes, request: ReplyRequest, server: str, model: str) -> Answer | ToolsWanted:
    """The answer in `body`, from `model` at `server`. Raises AttemptFailed; Empty if it says nothing."""
    body, completion, choice = _first_choice(wire, body)
    said = choice.message or Said()
    calls, text = _calls(said.tool_calls), text_of(said.content).strip()
    if choice.finish_reason == "error" or not (calls or text):
        _raise_error(wire, completion, choice)
    if isinstance(said.refusal, str) and said.refusal:
        raise AttemptFailed("refused", wire.redacted(said.refusal))
    if choice.finish_reason == "content_filter":
        raise AttemptFailed("refused", Detail.FILTERED_CHOICE.said())
    usage = _usage(completion.usage if isinstance(completion.usage, dict) else {})
    if calls:
        return ToolsWanted(_wanted(calls, request, _raw(body, server, model)), usage, word(completion.model) or model)
    if not any(sign.isprintable() for sign in text):  # marks of no width are no answer
        if refusal := refusal_of(said.content):
            raise AttemptFailed("refused", wire.redacted(refusal))
        text = ""
    if not text and not request.may_be_silent:
        raise Empty(Detail.EMPTY_ANSWER.said(reason=wire.redacted(str(choice.finish_reason))))
    return Answer(
        text=text,
        model=word(completion.model) or model,
        run=word(completion.id),
        usage=usage,
        length="cut" if choice.finish_reason in _LENGTHS else "",
    )


def _first_choice(wire: Wire, body: bytes) -> tuple[bytes, Completion, Choice]:
    """The answer, in the API's form, and its choice. Raises AttemptFailed; Empty if it has none."""
    try:
        completion = msgspec.json.decode(body, type=Completion)
    except UNREADABLE as error:
        unread = wire.unread(body, str(error))
        if unread.problem is not None or (whole := _whole(body)) is None:
            raise unread from error
        body, completion = whole
    if not completion.choices:
        unread = wire.unread(body, "the answer has no choices")
        raise unread if unread.problem is not None else Empty(unread.detail)
    if completion.choices[0].message is None and (whole := _whole(body)) is not None:
        body, completion = whole
    choices = completion.choices or [Choice()]
    return body, completion, choices[0]


def _raise_error(wire: Wire, completion: Completion, choice: Choice) -> None:
    """Raise the error beside a choice, if there is one."""
    if (problem := problem_in(choice.error or completion.error)) is not None:
        raise wire.refused(problem)
    if choice.finish_reason == "error":
        raise AttemptFailed("provider_error", Detail.UNEXPLAINED.said())


def _usage(tokens: dict[str, Any]) -> Usage:
    known = cached(tokens.get("prompt_tokens_details")) or count(tokens.get("prompt_cache_hit_tokens"))  # DeepSeek
    return Usage(count(tokens.get("prompt_tokens")), count(tokens.get("completion_tokens")), known)


def _calls(told: Any) -> list[dict[str, Any]]:
    """The calls that name a function."""
    calls = [call for call in told if isinstance(call, dict)] if isinstance(told, list) else []
    return [call for call in calls if isinstance(call.get("function"), dict) and word(call["function"].get("name"))]


def _wanted(calls: Sequence[dict[str, Any]], request: ReplyRequest, raw: str) -> tuple[ToolCall, ...]:
    """The calls, under ids that are unique in the turn: some servers give none, or repeat them. The first has `raw`."""
    taken = {call.id for call in request.calls}
    wanted: list[ToolCall] = []
    for number, call in enumerate(calls, len(taken) + 1):
        given, function = word(call.get("id")), call["function"]
        id_ = given if given and given not in taken else f"{request.turn}:{number}"
        taken.add(id_)
        first = raw if not wanted else None
        arguments = arguments_of(function.get("arguments"))
        wanted.append(ToolCall(id=id_, name=str(function["name"]), arguments=arguments, raw=first))
    return tuple(wanted)


def _raw(body: bytes, server: str, model: str) -> str:
    """The message with the calls as it came, if an event can hold it."""
    try:
        message = msgspec.json.decode(body)["choices"][0]["message"]
        raw = msgspec.json.encode(Written(server, model, {**message, "tool_calls": _calls(message["tool_calls"])}))
    except (*UNREADABLE, OverflowError, UnicodeError):  # it is nested too deep, or has a number past 64 bits
        raw = b""
    return (raw if 0 < len(raw) <= LONGEST_RAW else msgspec.json.encode(Written(server, model))).decode()


def _whole(body: bytes) -> tuple[bytes, Completion] | None:
    """The completion in an answer of another form: the first of a list, or a stream's events put together."""
    try:
        found = msgspec.json.decode(body)
    except UNREADABLE:
        found = _of_events(list(_events(body)))
    if isinstance(found, list):
        found = found[0] if found else None
    listed = found.get("choices") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        return None
    found = {**found, "choices": [_choice(one) for one in listed[:1]]}
    try:
        return msgspec.json.encode(found), msgspec.convert(found, Completion)
    except (msgspec.ValidationError, OverflowError, UnicodeError, RecursionError):
        return None


def _choice(told: Any) -> dict[str, Any]:
    """A choice in the API's form; servers also give a bare text, or `text` as completions had it."""
    choice = told if isinstance(told, dict) else {"message": told}
    message = choice.get("message") or choice.get("delta") or choice.get("text") or (choice if "role" in choice else "")
    return {**choice, "message": message if isinstance(message, dict) else {"role": "assistant", "content": message}}


def _events(body: bytes) -> Iterator[dict[str, Any]]:
    for line in body.splitlines():
        if line.startswith(b"data:"):
            try:
                event = msgspec.json.decode(line[5:])
            except UNREADABLE:
                continue  # [DONE]
            if isinstance(event, dict):
                yield event


def _of_events(events: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The completion that a stream of chunks makes, though no stream was asked for."""
    message: dict[str, Any] = {"role": "assistant"}
    texts: list[str] = []
    calls: dict[int, dict[str, Any]] = {}
    whole: dict[str, Any] = {}
    finish: Any = None
    for event in events:
        whole |= {name: event[name] for name in ("id", "model", "usage") if event.get(name) is not None}
        listed = event.get("choices")
        choice = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
        finish = choice.get("finish_reason") or finish
        delta = choice.get("delta") or choice.get("message")
        if not isinstance(delta, dict):
            continue
        texts.append(text_of(delta.get("content")))
        asked = delta.get("tool_calls")
        for place, call in enumerate(asked if isinstance(asked, list) else ()):
            if isinstance(call, dict):
                index = call.get("index", place)
                _add_call(calls.setdefault(index if isinstance(index, int) else place, {"function": {}}), call)
        for name, value in delta.items():
            if name not in ("role", "content", "tool_calls"):
                before = message.get(name)
                message[name] = before + value if isinstance(before, str) and isinstance(value, str) else value
    if not events:
        return None
    message["content"] = "".join(texts)
    if calls:
        message["tool_calls"] = list(calls.values())
    return {**whole, "choices": [{"message": message, "finish_reason": finish}]}


def _add_call(made: dict[str, Any], chunk: dict[str, Any]) -> None:
    function = chunk.get("function")
    told = function if isinstance(function, dict) else {}
    made |= {name: value for name, value in chunk.items() if name not in ("function", "index") and value}
    if told.get("name"):
        made["function"]["name"] = told["name"]
    if isinstance(told.get("arguments"), str):
        made["function"]["arguments"] = made["function"].get("arguments", "") + told["arguments"]
    elif told.get("arguments") is not None:
        made["function"]["arguments"] = told["arguments"]
