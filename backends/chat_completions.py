"""Replies from the Chat Completions API of OpenAI or a compatible server: each request holds the whole context."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec
import structlog

from backends.content.attachments import GONE, NOT_TAKEN, Message, opened
from backends.content.message_text import spoken
from backends.protocol import Answer, DoneCall, ReplyRequest, ToolCall, ToolsWanted, Usage
from backends.provider.client import Wire, count
from backends.provider.retry import AttemptFailed, persist
from chat.context import Line

Content = str | list[dict[str, Any]]

log = structlog.get_logger("recado.backends")


class _Function(msgspec.Struct):
    name: str
    arguments: str = ""


class _ToolCall(msgspec.Struct):
    function: _Function
    id: str | None = None


class _Said(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct):
    message: _Said
    finish_reason: str | None = None


class _TokenCount(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Completion(msgspec.Struct):
    """The fields that are read of a chat completion (https://platform.openai.com/docs/api-reference/chat/object)."""

    choices: list[_Choice]
    id: str | None = None
    model: str | None = None
    usage: _TokenCount | None = None


class ChatCompletions:
    """A ReplyBackend over `POST /chat/completions` of OpenAI or a compatible server.

    The client is built here, and importing this module pays 0.4 s of imports, so that the first reply is as quick as
    the next. The client connects at the first request.

    - `api_key`: must not be empty; a server that needs no key takes any word.
    - `base_url`: None is OpenAI's own.
    - `model`: the model's name at the server.
    - `system_prompt`: first message of every request; empty: none.
    """

    name: Final = "chat"

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None,
        model: str,
        system_prompt: str = "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._wire = Wire(api_key, base_url)
        self._model = model
        self._system_prompt = system_prompt
        self._sleep = sleep

    async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
        """The model's answer. If the context is too long, the model is asked once more without the older half of the
        history; if the server does not take files, once more without them."""
        deadline = asyncio.get_running_loop().time() + request.patience
        ask = partial(persist, turn=request.turn, deadline=deadline, sleep=self._sleep)
        history, contents = request.history, contents_of(await opened(request.messages, request.files))
        while True:
            try:
                return await ask(partial(self._complete, request, history, contents))
            except AttemptFailed as failure:
                if failure.error_class == "context_too_long" and history and history is request.history:
                    history = history[(len(history) + 1) // 2 :]
                    log.info("history shortened", turn=request.turn, history=len(request.history), kept=len(history))
                elif failure.error_class == "bad_request" and any(isinstance(each, list) for each in contents):
                    log.warning("files_not_taken", turn=request.turn, detail=failure.detail)
                    contents = [_without_files(line) for line in request.messages]
                else:
                    raise

    async def close(self) -> None:
        await self._wire.close()

    async def _complete(
        self, request: ReplyRequest, history: Sequence[Line], contents: Sequence[Content]
    ) -> Answer | ToolsWanted:
        body = request_body(self._model, self._system_prompt, history, request, contents)
        return self._read(await self._wire.post("/chat/completions", body), request)

    def _read(self, body: bytes, request: ReplyRequest) -> Answer | ToolsWanted:
        completion = self._wire.read(body, _Completion)
        if not completion.choices:
            raise AttemptFailed("malformed_answer", "the answer has no choices")
        choice = completion.choices[0]
        if choice.message.refusal:
            raise AttemptFailed("refused", self._wire.redacted(choice.message.refusal))
        if choice.finish_reason == "content_filter":
            raise AttemptFailed("refused", "finish_reason is content_filter")
        tokens = completion.usage or _TokenCount()
        usage = Usage(count(tokens.prompt_tokens), count(tokens.completion_tokens))
        if choice.message.tool_calls:
            return ToolsWanted(_wanted(choice.message.tool_calls, request), usage)
        text = (choice.message.content or "").strip()
        if not text:
            raise AttemptFailed("malformed_answer", f"the answer is empty (finish_reason {choice.finish_reason})")
        return Answer(text=text, model=completion.model or self._model, run=completion.id, usage=usage)


def _wanted(calls: Sequence[_ToolCall], request: ReplyRequest) -> tuple[ToolCall, ...]:
    """The calls, under ids that are unique in the turn: some servers give none, or repeat them."""
    taken = {call.id for call in request.calls}
    wanted: list[ToolCall] = []
    for number, call in enumerate(calls, len(taken) + 1):
        id_ = call.id if call.id and call.id not in taken else f"{request.turn}:{number}"
        taken.add(id_)
        wanted.append(ToolCall(id=id_, name=call.function.name, arguments=call.function.arguments))
    return tuple(wanted)


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


def _without_files(line: Line) -> str:
    return f"{spoken(line)}\n{NOT_TAKEN}" if line.attachments else spoken(line)


def request_body(
    model: str,
    system_prompt: str,
    history: Sequence[Line],
    request: ReplyRequest,
    contents: Sequence[Content] | None = None,
) -> dict[str, Any]:
    """The body of a request: `history`, the turn's messages, and the calls that the model has made for them.

    `contents` are the contents of the messages; None: their texts.
    """
    messages: list[dict[str, Any]] = [{"role": "system", "content": system_prompt}] if system_prompt else []
    contents = [spoken(line) for line in request.messages] if contents is None else contents
    messages.extend({"role": line.role, "content": spoken(line)} for line in history)
    messages.extend(
        {"role": line.role, "content": content} for line, content in zip(request.messages, contents, strict=True)
    )
    for call in request.calls:
        messages += _call(call)
    body: dict[str, Any] = {"model": model, "messages": messages}
    if request.tools:
        body["tools"] = [{"type": "function", "function": msgspec.to_builtins(tool)} for tool in request.tools]
    return body


def _call(call: DoneCall) -> list[dict[str, Any]]:
    # One message per call, though the model may have asked for several at once: that is not stored, and the API takes
    # both.
    function = {"name": call.name, "arguments": call.arguments}
    return [
        {"role": "assistant", "tool_calls": [{"id": call.id, "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": call.id, "content": call.output},
    ]
