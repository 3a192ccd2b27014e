"""Replies from the Chat Completions API of OpenAI or a compatible server: each request holds the whole context."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import structlog
from msgspec.structs import replace

from backends.chat_answer import Empty, read
from backends.chat_request import Content, contents_of, joined, mended, request_body
from backends.content.attachments import opened
from backends.protocol import Answer, ReplyRequest, ToolsWanted
from backends.provider.client import Wire
from backends.provider.key import ApiKey
from backends.provider.quirks import Quirks, insist
from backends.provider.refusals import JsonObject
from backends.provider.retry import AttemptFailed, persist
from chat.cleaning import cleaned
from chat.context import Line
from chat.moment import filled

GO_ON = (
    "Your message was cut off at its longest length. Go on: begin with its last three words exactly as you wrote them, "
    "also if the last one is half a word, and say nothing else before them."
)
"""The request for the rest of an answer that reached its longest length. The repeated words show where they meet."""

_OVERLAP = 200
"""Characters at the end of an answer that its rest may repeat."""

log = structlog.get_logger("recado.backends")


class ChatCompletions:
    """A ReplyBackend over `POST /chat/completions` of OpenAI or a compatible server.

    The client is built here, and importing this module pays 0.4 s of imports, so that the first reply is as quick as
    the next. The client connects at the first request.

    - `api_key`: must not be empty; a server that needs no key takes any word.
    - `base_url`: None is OpenAI's own.
    - `model`: the model's name at the server.
    - `system_prompt`: first message of every request; empty: none.
    - `quirks`: the known quirks of the model at the server; None: none.
    """

    name: Final = "chat"

    def __init__(
        self,
        *,
        api_key: ApiKey,
        base_url: str | None,
        model: str,
        system_prompt: str = "",
        quirks: Quirks | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._wire = Wire(api_key, base_url)
        self._server = _without_user(base_url)
        self._model = model
        self._system_prompt = system_prompt
        self.quirks = Quirks(model) if quirks is None else quirks
        self._sleep = sleep

    async def reply(self, request: ReplyRequest) -> Answer | ToolsWanted:
        """The model's answer. If the context is too long, the model is asked once more without the older half of the
        history; after an empty answer it is asked once more, and an answer that reached its longest length is continued
        once."""
        deadline = asyncio.get_running_loop().time() + request.patience
        ask = partial(persist, turn=request.turn, deadline=deadline, sleep=self._sleep)
        history, contents = request.history, contents_of(await opened(request.messages, request.files))
        was_empty = False
        while True:
            body = self._body(request, history, contents)
            try:
                outcome = await ask(partial(self._complete, body, request))
            except Empty as empty:
                if was_empty:
                    raise
                was_empty = True
                log.info("asked_again", turn=request.turn, detail=empty.detail)
            except AttemptFailed as failure:
                if failure.error_class != "context_too_long" or not history or history is not request.history:
                    raise
                history = history[(len(history) + 1) // 2 :]
                log.info("history shortened", turn=request.turn, history=len(request.history), kept=len(history))
            else:
                if isinstance(outcome, Answer) and outcome.length:
                    return await self._continued(outcome, body, request, deadline)
                return outcome

    async def close(self) -> None:
        await self._wire.close()

    def _body(self, request: ReplyRequest, history: Sequence[Line], contents: Sequence[Content]) -> JsonObject:
        prompt = filled(self._system_prompt, request.moment)
        return request_body(self._model, prompt, history, request, contents, server=self._server)

    async def _complete(self, body: JsonObject, request: ReplyRequest) -> Answer | ToolsWanted:
        return await insist(partial(self._ask, request), body, self.quirks, mended)

    async def _ask(self, request: ReplyRequest, body: JsonObject) -> Answer | ToolsWanted:
        return self._read(await self._wire.post("/chat/completions", body), request)

    def _read(self, body: bytes, request: ReplyRequest) -> Answer | ToolsWanted:
        return read(self._wire, body, request, self._server, self._model)

    async def _continued(self, answer: Answer, body: JsonObject, request: ReplyRequest, deadline: float) -> Answer:
        """`answer` with its rest, from one more request; `answer` itself if there is no good rest."""
        if cleaned(answer.text).flaw:
            return answer
        said = [{"role": "assistant", "content": answer.text}, {"role": "user", "content": GO_ON}]
        body = {**body, "messages": joined([*body["messages"], *said])}
        try:
            async with asyncio.timeout_at(deadline):
                more = await self._complete(body, request)
        except (AttemptFailed, TimeoutError) as failure:
            log.warning("answer_not_continued", turn=request.turn, reason=str(failure) or "no answer in time")
            return answer
        answer = replace(answer, usage=answer.usage + more.usage)
        if not isinstance(more, Answer) or (rest := cleaned(more.text)).flaw:
            return answer
        return replace(answer, text=_with_rest(answer.text, rest.text), length=more.length or "continued")


def _with_rest(text: str, rest: str) -> str:
    """The text and its rest, without the words that the rest repeats."""
    for length in range(min(_OVERLAP, len(text), len(rest)), 3, -1):
        if text.endswith(rest[:length]):
            return text + rest[length:]
    # Most tokens begin with a blank, which servers trim.
    joint = " " if text[-1:].isalnum() and rest[:1].isalnum() else ""
    return text + joint + rest


def _without_user(base_url: str | None) -> str:
    """The server's address without a user's name and password."""
    parts = urlsplit(base_url or "")
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
