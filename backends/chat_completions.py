"""Replies from the chat completions of OpenAI and of servers that speak as it does: the whole context, every turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

import httpx2
import msgspec
import openai
import structlog

from backends.posts import Posts
from backends.protocol import Answer, DoneCall, ReplyRequest, ToolCall, ToolsWanted, Usage
from backends.provider_errors import FAULTS, attempt_failed, redacted
from backends.retry import AttemptFailed, persist
from chat.context import Line

log = structlog.get_logger("recado.backends")


class _Function(msgspec.Struct):
    name: str
    arguments: str = ""


class _ToolCall(msgspec.Struct):
    id: str
    function: _Function


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
    """What is read of a chat completion object (https://platform.openai.com/docs/api-reference/chat/object)."""

    choices: list[_Choice]
    id: str | None = None
    model: str | None = None
    usage: _TokenCount | None = None


class ChatCompletions:
    """A ReplyBackend over `POST /chat/completions` of OpenAI or of a server that speaks as it does.

    `api_key` must not be empty (a server that wants none takes any word); `base_url` None is OpenAI's own. The one
    client is built here, and 0.4 s of imports are paid by importing this module, so that the first reply is as quick
    as the next. It connects first when it is first asked.
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
        self._api_key = api_key
        self._model = model
        self._system_prompt = system_prompt
        self._sleep = sleep
        tls = httpx2.create_ssl_context()
        self._client = openai.AsyncOpenAI(
            api_key=api_key, base_url=base_url, http_client=openai.DefaultAioHttpClient(verify=tls)
        )
        self._posts = Posts(self._client, tls)

    async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
        """The model's answer; a context that is too long is asked again once, without the older half of the history."""
        deadline = asyncio.get_running_loop().time() + request.patience
        ask = partial(persist, turn=request.turn, deadline=deadline, sleep=self._sleep)
        try:
            return await ask(partial(self._complete, request, request.history))
        except AttemptFailed as failure:
            if failure.error_class != "context_too_long" or not request.history:
                raise
        newer = request.history[(len(request.history) + 1) // 2 :]
        log.info("history shortened", turn=request.turn, history=len(request.history), kept=len(newer))
        return await ask(partial(self._complete, request, newer))

    async def close(self) -> None:
        await self._posts.close()
        await self._client.close()

    async def _complete(self, request: ReplyRequest, history: Sequence[Line]) -> Answer | ToolsWanted:
        try:
            body = request_body(self._model, self._system_prompt, history, request)
            # `client.chat.completions.create()` transforms every message recursively: 3.9 ms of CPU at 20 messages and
            # 6.2 at 40. Posting bytes that msgspec encoded costs 0.13 ms at any length, and skips the library's
            # lenient parsing, which lets `{}` and plain text through.
            answer = await self._posts.post("chat/completions", body)
        except FAULTS as error:
            raise attempt_failed(error, self._api_key) from error
        except UnicodeError as error:  # half a surrogate pair in a text, a key or a host that no header can carry
            raise AttemptFailed("bad_request", f"the request cannot be encoded: {error}") from error
        return self._read(answer)

    def _read(self, body: bytes) -> Answer | ToolsWanted:
        try:
            completion = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            start = redacted(body[:100].decode(errors="replace"), self._api_key)
            raise AttemptFailed("malformed_answer", f"{error}, in an answer that begins {start!r}") from error
        if not completion.choices:
            raise AttemptFailed("malformed_answer", "the answer has no choices")
        choice = completion.choices[0]
        if choice.message.refusal:
            raise AttemptFailed("refused", redacted(choice.message.refusal, self._api_key))
        if choice.finish_reason == "content_filter":
            raise AttemptFailed("refused", "finish_reason is content_filter")
        if choice.message.tool_calls:
            calls = choice.message.tool_calls
            return ToolsWanted(
                tuple(ToolCall(id=c.id, name=c.function.name, arguments=c.function.arguments) for c in calls)
            )
        text = (choice.message.content or "").strip()
        if not text:
            raise AttemptFailed("malformed_answer", f"the answer is empty (finish_reason {choice.finish_reason})")
        tokens = completion.usage or _TokenCount()
        return Answer(
            text=text,
            model=completion.model or self._model,
            run=completion.id,
            usage=Usage(_count(tokens.prompt_tokens), _count(tokens.completion_tokens)),
        )


def _count(tokens: int | None) -> int:
    """A count of tokens that the log and SQLite can hold, whatever a server sends."""
    return min(max(tokens or 0, 0), 2**53)


_decode = msgspec.json.Decoder(_Completion).decode


def request_body(model: str, system_prompt: str, history: Sequence[Line], request: ReplyRequest) -> bytes:
    """The JSON that asks `model` to go on after `history`, the turn's messages and the calls it has made for them."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": system_prompt}] if system_prompt else []
    messages.extend({"role": line.role, "content": _content(line)} for line in (*history, *request.messages))
    for call in request.calls:
        messages += _call(call)
    body: dict[str, Any] = {"model": model, "messages": messages}
    if request.tools:
        body["tools"] = [{"type": "function", "function": msgspec.to_builtins(tool)} for tool in request.tools]
    return msgspec.json.encode(body)


def _call(call: DoneCall) -> list[dict[str, Any]]:
    # One at a time, also those that were asked for together: which of them were is not kept, and the API takes both.
    function = {"name": call.name, "arguments": call.arguments}
    return [
        {"role": "assistant", "tool_calls": [{"id": call.id, "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": call.id, "content": call.output},
    ]


def _content(line: Line) -> str:
    # In a group the model has to be told who speaks; the API's own `name` field is ignored by most servers.
    return f"{line.name}: {line.text}" if line.name and line.role == "user" else line.text
