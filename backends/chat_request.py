"""Requests of the Chat Completions API: the whole context in one body, and in the form that a server takes."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from backends.content.attachments import GONE, NOT_TAKEN, Message
from backends.content.message_text import spoken
from backends.protocol import DoneCall, ReplyRequest, Tool
from backends.provider.answer_parts import text_of
from backends.provider.quirks import fields_mended
from backends.provider.refusals import JsonObject, is_file
from backends.provider.schemas import plain
from chat.context import Line

Content = str | list[dict[str, Any]]

BEFORE = "(The conversation so far.)"
"""A user's message before an assistant's first one, for servers that take no other beginning."""


class Written(msgspec.Struct):
    """A message of the model's with calls, as its server sent it; `raw` of a call.

    - `server`, `model`: the ones that wrote it, and that alone get it back.
    - `message`: None: it was too long to be kept.
    """

    server: str
    model: str
    message: dict[str, Any] | None = None


def contents_of(messages: Sequence[Message]) -> list[Content]:
    """The content of each message: a text or, if it has files, parts."""
    return [_content(message) for message in messages]


def _content(message: Message) -> Content:
    if not message.files:
        return spoken(message.line)
    parts: list[dict[str, Any]] = [{"type": "text", "text": spoken(message.line)}]
    for file in message.files:
        if file.body is None:
            parts.append({"type": "text", "text": GONE})
        elif file.attachment.is_image:
            parts.append({"type": "image_url", "image_url": {"url": file.url}})
        else:
            parts.append({"type": "file", "file": {"filename": file.attachment.filename, "file_data": file.url}})
    return parts


def request_body(
    model: str,
    system_prompt: str,
    history: Sequence[Line],
    request: ReplyRequest,
    contents: Sequence[Content] | None = None,
    *,
    server: str = "",
) -> JsonObject:
    """The body of a request: `history`, the turn's messages, and the calls that the model has made for them.

    Neighbours of one role are one message: many chat templates take no others.

    - `contents`: the contents of the messages; None: their texts.
    - `server`: the address of the server, which gets its own messages back as it sent them.
    """
    messages: list[JsonObject] = [{"role": "system", "content": system_prompt}] if system_prompt else []
    contents = [spoken(line) for line in request.messages] if contents is None else contents
    messages.extend({"role": line.role, "content": spoken(line)} for line in history)
    messages.extend(
        {"role": line.role, "content": content} for line, content in zip(request.messages, contents, strict=True)
    )
    messages = joined(messages)
    for calls in _together(request.calls):
        messages += _called(calls, server, model)
    body: JsonObject = {"model": model, "messages": messages}
    if request.tools:
        body["tools"] = [{"type": "function", "function": _function(tool)} for tool in request.tools]
    return body


def _function(tool: Tool) -> JsonObject:
    """The tool as the API takes it; servers that do not know `strict` are not shown it where it is off."""
    described: JsonObject = msgspec.to_builtins(tool)
    if not tool.strict:
        del described["strict"]
    return described


def joined(messages: Iterable[JsonObject]) -> list[JsonObject]:
    """The messages with neighbours of one role as one; messages with calls and their results stay as they are."""
    found: list[JsonObject] = []
    for message in messages:
        last = found[-1] if found else None
        if last is None or last["role"] != message["role"] or len(last) > 2 or len(message) > 2:
            found.append(message)
        else:
            content = _both(last.get("content"), message.get("content"))
            found[-1] = {"role": message["role"], "content": content}
    return found


def _both(first: Any, second: Any) -> Content:
    if isinstance(first, list) or isinstance(second, list):
        return [*_as_parts(first), *_as_parts(second)]
    return "\n".join(text for text in (first, second) if text)


def _as_parts(content: Any) -> list[JsonObject]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []


def _together(calls: Sequence[DoneCall]) -> list[list[DoneCall]]:
    """The calls of each message of the model. A call without `raw` belongs to the message before; in logs of older
    versions, where none has it, each call is on its own."""
    found: list[list[DoneCall]] = []
    for call in calls:
        if found and call.raw is None and found[-1][0].raw is not None:
            found[-1].append(call)
        else:
            found.append([call])
    return found


def _called(calls: Sequence[DoneCall], server: str, model: str) -> list[JsonObject]:
    """The model's message with all its calls, then their results in the same order."""
    asks = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": _sound(call.arguments)}}
        for call in calls
    ]
    results = [{"role": "tool", "tool_call_id": call.id, "content": call.output} for call in calls]
    return [_written(calls[0].raw, asks, server, model) or {"role": "assistant", "tool_calls": asks}, *results]


def _written(raw: str | None, asks: Sequence[JsonObject], server: str, model: str) -> JsonObject | None:
    """The model's message as it came, if `server` and `model` wrote it; with our ids where its own were missing or not
    unique, and with arguments that are JSON. A crash may have come before its last calls were logged: it is shown
    without them."""
    if raw is None:
        return None
    try:
        written = msgspec.json.decode(raw, type=Written)
    except msgspec.DecodeError:
        return None
    message = written.message
    if message is None or (written.server, written.model) != (server, model):
        return None
    its_own = message.get("tool_calls")
    if not isinstance(its_own, list) or len(its_own) < len(asks):
        return None
    calls = []
    for call, ask in zip(its_own, asks, strict=False):
        function = call["function"]
        arguments = function.get("arguments")
        if isinstance(arguments, str) or arguments is None:
            function = function | {"arguments": _sound(arguments or "")}
        calls.append(call | {"id": ask["id"], "function": function})
    return message | {"role": "assistant", "tool_calls": calls}


def _sound(arguments: str) -> str:
    """The arguments, if they are a JSON object: servers parse them, and refuse the conversation if they cannot. The
    call's result told the model what was wrong."""
    try:
        is_object = isinstance(msgspec.json.decode(arguments), dict)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        is_object = False
    return arguments if is_object else "{}"


def mended(body: JsonObject, found: Collection[str]) -> JsonObject:
    """`body` as a server with these quirks takes it."""
    body = fields_mended(body, found)
    messages = body["messages"]
    if "no_tools" in found:
        for field in ("tools", "tool_choice", "parallel_tool_calls"):
            body.pop(field, None)
        messages = _without_calls(messages)
    if "plain_schemas" in found and "tools" in body:
        body["tools"] = [{**tool, "function": _plain_function(tool["function"])} for tool in body["tools"]]
    if "no_extras" in found:
        messages = [_without_extras(message) for message in messages]
    if "one_call" in found:
        messages = _one_call_each(messages)
    if "short_ids" in found:
        messages = [_with_short_ids(message) for message in messages]
    if "no_files" in found or "refused_files" in found:
        messages = [_without_files(message) for message in messages]
    if "no_system" in found:
        messages = _without_system(messages)
    elif "late_system" in found:
        messages = [*_system(messages), *(one for one in messages if one["role"] != "system")]
    messages = joined(messages)
    if "user_first" in found:
        first = next((place for place, one in enumerate(messages) if one["role"] != "system"), 0)
        if messages and messages[first]["role"] == "assistant":
            messages.insert(first, {"role": "user", "content": BEFORE})
    return {**body, "messages": messages}


def _plain_function(function: JsonObject) -> JsonObject:
    """The function with a plain schema, which is not strict."""
    kept = {name: value for name, value in function.items() if name != "strict"}
    return {**kept, "parameters": plain(function["parameters"])}


def _system(messages: Sequence[JsonObject]) -> list[JsonObject]:
    return joined(one for one in messages if one["role"] == "system")


def _without_system(messages: Sequence[JsonObject]) -> list[JsonObject]:
    """The system's words at the head of the first message of a user."""
    others = [one for one in messages if one["role"] != "system"]
    words = [{"role": "user", "content": one["content"]} for one in _system(messages)]
    if not words:
        return others
    first = next((place for place, one in enumerate(others) if one["role"] == "user"), 0)
    if others and others[first]["role"] == "user":
        content = _both(f"{words[0]['content']}\n", others[first]["content"])
        return [*others[:first], {**others[first], "content": content}, *others[first + 1 :]]
    return [*words, *others]


def _without_calls(messages: Sequence[JsonObject]) -> list[JsonObject]:
    """The messages with the results of calls as words of the conversation."""
    found = []
    for message in messages:
        if message["role"] == "tool":
            found.append({"role": "user", "content": f"(Looked up: {message['content']})"})
        elif "tool_calls" not in message:
            found.append(message)
        elif said := text_of(message.get("content")).strip():
            found.append({"role": "assistant", "content": said})
    return found


def _without_extras(message: JsonObject) -> JsonObject:
    if "tool_calls" not in message:
        return message
    calls = [{name: call.get(name) for name in ("id", "type", "function")} for call in message["tool_calls"]]
    said = text_of(message.get("content"))
    return {"role": "assistant", **({"content": said} if said else {}), "tool_calls": calls}


def _one_call_each(messages: Sequence[JsonObject]) -> list[JsonObject]:
    results = {message["tool_call_id"]: message for message in messages if message["role"] == "tool"}
    found = []
    for message in messages:
        if "tool_calls" in message:
            for call in message["tool_calls"]:
                found += [{**message, "tool_calls": [call]}, results[call["id"]]]
        elif message["role"] != "tool":
            found.append(message)
    return found


def _with_short_ids(message: JsonObject) -> JsonObject:
    if "tool_calls" in message:
        calls = [{**call, "id": _short(call["id"])} for call in message["tool_calls"]]
        return {**message, "tool_calls": calls}
    return {**message, "tool_call_id": _short(message["tool_call_id"])} if message["role"] == "tool" else message


def _short(id_: str) -> str:
    return id_ if len(id_) == 9 and id_.isalnum() else hashlib.sha256(id_.encode()).hexdigest()[:9]


def _without_files(message: JsonObject) -> JsonObject:
    """The message with a word in place of its files."""
    content = message.get("content")
    if not isinstance(content, list) or not any(is_file(part) for part in content):
        return message
    said = [part["text"] for part in content if not is_file(part) and part.get("text")]
    return {**message, "content": "\n".join((*said, NOT_TAKEN))}
