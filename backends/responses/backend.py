"""Replies from the Responses API, in a Conversation that the provider keeps for each chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, TypeVar

import structlog
from msgspec.structs import replace

from backends.content.attachments import opened
from backends.content.message_text import spoken
from backends.protocol import (
    Answer,
    ReplyFailed,
    ReplyRequest,
    RunContinues,
    RunLost,
    ThreadLost,
    ThreadRequest,
    ToolsWanted,
    Usage,
)
from backends.provider.key import ApiKey
from backends.provider.quirks import Quirks
from backends.provider.retry import persist
from backends.provider.told_wait import told_wait
from backends.responses.client import ITEMS_AT_ONCE, Calls
from backends.responses.conversation import (
    Occurrence,
    function_calls,
    occurrences_of_messages,
    occurrences_of_outputs,
    open_calls,
    since_last_answer,
)
from backends.responses.outcome import completed, outcome_of, says_nothing, usage
from backends.responses.poll import Polling
from backends.responses.post_once import Posting, Server, given_up_as, remove
from backends.responses.wire import (
    Item,
    JsonObject,
    Response,
    function_tools,
    input_items,
    message_items,
    output_items,
)
from chat.moment import filled
from events.details import Detail

T = TypeVar("T")

AFTER = "after:"
"""Prefix of a provisional run id, before the provider has given the response an id.

The rest is the id of the conversation's last item before the run (empty: the conversation is empty); later items belong
to the run. The id is logged before the request, so that the response can be found after a crash (decision 70).
"""

ASKED_AGAIN = 2
"""`attempt` of a request whose first run is awaited: after an empty answer one more is made."""

_TAIL = 50
"""Items at the end of a conversation that are searched for the remains of lost turns."""

log = structlog.get_logger("recado.backends")


class Responses:
    """A ThreadBackend over `POST /responses` in a Conversation of OpenAI, or of a server that has both APIs.

    One client serves all chats; it connects at its first request.

    - `api_key`: must not be empty.
    - `base_url`: None is OpenAI's own.
    - `model`: the model's name at the provider.
    - `system_prompt`: instructions of every request; empty: none.
    - `hosted_tools`: the provider's tools, as its API takes them.
    - `locks`: the server is known to lock conversations (see Server); of others it is learned.
    - `quirks`: what else is known of the model at the server; None: nothing.
    """

    name: Final = "responses"

    def __init__(
        self,
        *,
        api_key: ApiKey,
        base_url: str | None,
        model: str,
        system_prompt: str = "",
        hosted_tools: Sequence[JsonObject] = (),
        locks: bool = False,
        quirks: Quirks | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._calls = Calls(api_key=api_key, base_url=base_url)
        self._model = model
        self._system_prompt = system_prompt
        self._hosted_tools = hosted_tools
        self._sleep = sleep
        self.quirks = Quirks(model) if quirks is None else quirks
        self._server = Server(locks=locks, quirks=self.quirks)
        self._polling = Polling(self._calls, sleep)
        # Requests that this process has certainly not made yet: (thread, run, ids of the calls that they answer).
        self._unmade: set[tuple[str, str, tuple[str, ...]]] = set()
        # Conversations that this process made and that have no response yet.
        self._unused: set[str] = set()

    async def close(self) -> None:
        await self._calls.close()

    async def create_thread(self, request: ThreadRequest) -> str:
        items = message_items([line for line in request.history if line.text.strip()])

        async def create() -> str:
            conversation = await self._calls.create_conversation(
                items[:ITEMS_AT_ONCE], {"recado_account": request.account, "recado_chat": request.chat}
            )
            # A batch may have been added although its answer is lost, so the next try makes another conversation.
            for first in range(ITEMS_AT_ONCE, len(items), ITEMS_AT_ONCE):
                await self._calls.add_items(conversation, items[first : first + ITEMS_AT_ONCE])
            return conversation

        deadline = asyncio.get_running_loop().time() + request.patience
        try:
            conversation = await persist(create, turn="", deadline=deadline, sleep=self._sleep)
        except ThreadLost as lost:
            raise ReplyFailed("provider_error", lost.detail) from lost
        self._unused.add(conversation)
        return conversation

    async def start_run(self, request: ReplyRequest) -> str:
        """A provisional run id, after the remains of lost turns are removed from the conversation's end."""
        async with self._known(request.thread):
            run = AFTER + await self._insist(request, partial(self._tidy, request))
        self._unmade.add((request.thread, run, ()))
        return run

    async def await_run(self, request: ReplyRequest, run: str) -> Answer | ToolsWanted | RunContinues:
        async with self._known(request.thread):
            deadline = asyncio.get_running_loop().time() + request.patience
            response, outputs, after = await self._polled(request, run, deadline)
            while outputs is None or (outcome := self._outcome(request, run, outputs, response)) is None:
                posted = await self._post(request, run, outputs, after, deadline)
                if isinstance(posted, Response):
                    return self._at_once(request, posted)
                response, outputs = None, posted
            return outcome

    async def stop_turn(self, thread: str, turn: str, run: str | None) -> None:  # noqa: ARG002 - the protocol's
        """Cancel `run` if it is a response's id. A request without an answer has none: `Posting` stops its response."""
        if run is not None and not run.startswith(AFTER):
            await self._polling.cancel(run)

    async def _polled(
        self, request: ReplyRequest, run: str, deadline: float
    ) -> tuple[Response | None, Sequence[Item] | None, str | None]:
        """The ended response of `run`, its outputs, and the item before it; of a provisional run the item alone."""
        if run.startswith(AFTER):
            return None, None, run.removeprefix(AFTER)
        response = await self._polling.ended(request, run, deadline)
        return response, await self._completed(request, response), response.noted("after")

    def _outcome(
        self, request: ReplyRequest, run: str, outputs: Sequence[Item], response: Response | None
    ) -> Answer | ToolsWanted | None:
        """The answer, or the calls that have no output yet; None if the outputs of all calls are to be posted."""
        outcome = outcome_of(outputs, request, usage(response))
        if isinstance(outcome, ToolsWanted):
            self._unmade.add((request.thread, run, _call_ids(outputs)))
            return replace(outcome, model=self._named(response)) if outcome.usage != Usage() else outcome
        return None if outcome is None else self._answer(outcome, response)

    async def _tidy(self, request: ReplyRequest) -> str:
        """Remove the messages of lost turns and close open calls; returns the id of the conversation's last item."""
        texts, thread = [spoken(line) for line in request.messages], request.thread
        items = await self._calls.last_items(thread, _TAIL)
        if left := occurrences_of_messages(since_last_answer(items), texts):
            for occurrence in reversed(left):
                await remove(self._calls, thread, occurrence.items)
            items = await self._calls.last_items(thread, _TAIL)
        if opened := open_calls(items):
            log.warning("open_calls_closed", conversation=thread, calls=len(opened))
            given_up = {id_: given_up_as(name) for id_, name in list(opened.items())[:ITEMS_AT_ONCE]}
            await self._calls.add_items(thread, output_items(given_up))
            items = await self._calls.last_items(thread, _TAIL)
        return (items[-1].id or "") if items else ""

    async def _completed(self, request: ReplyRequest, response: Response) -> Sequence[Item]:
        """The model's outputs. If another attempt may succeed, this one's items are removed from the conversation."""
        detail = self._calls.detail(response.error)
        try:
            again = request.attempt <= ASKED_AGAIN
            return completed(response, detail, again=again, silent=request.may_be_silent)
        except RunLost as lost:
            lost.model = lost.model or self._model
            after = response.noted("after")
            if after is not None:
                await self._insist(request, partial(self._clear, request, after))
            if response.error is not None and response.error.code == "rate_limit_exceeded":
                told = told_wait(detail)
                await self._sleep(min(request.patience / 2, 2.0 ** (request.attempt - 1) if told is None else told))
            raise

    async def _clear(self, request: ReplyRequest, after: str) -> None:
        items = await self._calls.items_after(request.thread, after)
        for occurrence in reversed(occurrences_of_messages(items, [spoken(line) for line in request.messages])):
            await remove(self._calls, request.thread, occurrence.items)

    async def _post(
        self, request: ReplyRequest, run: str, outputs: Sequence[Item] | None, after: str | None, deadline: float
    ) -> Response | tuple[Item, ...]:
        """Post the pending input once: the turn's messages, or (after `outputs`) the outputs of the model's calls."""
        call_ids = _call_ids(outputs or ())
        given = {call.id: call.output for call in request.calls}
        items = (
            output_items({id_: given[id_] for id_ in call_ids})
            if call_ids
            else input_items(await opened(request.messages, request.files))
        )
        made = (request.thread, run, call_ids)
        posting = Posting(
            self._calls,
            self._server,
            self._body(request, items, after),
            partial(self._look, request, after, call_ids),
            in_doubt=made not in self._unmade,
            deadline=deadline,
            sleep=self._sleep,
        )
        self._unmade.discard(made)
        posted = await persist(posting.attempt, turn=request.turn, deadline=deadline, sleep=self._sleep)
        self._unused.discard(request.thread)
        return posted

    async def _look(self, request: ReplyRequest, after: str | None, call_ids: tuple[str, ...]) -> list[Occurrence]:
        if after is None:
            items = await self._calls.last_items(request.thread, _TAIL)
        else:
            items = await self._calls.items_after(request.thread, after)
        if call_ids:
            return occurrences_of_outputs(items, call_ids)
        return occurrences_of_messages(items, [spoken(line) for line in request.messages])

    def _body(self, request: ReplyRequest, items: list[JsonObject], after: str | None) -> JsonObject:
        body: JsonObject = {
            "model": self._model,
            "conversation": request.thread,
            "input": items,
            "store": True,
            "background": True,
            "truncation": "auto",
            "metadata": {"turn": request.turn, "attempt": str(max(1, request.attempt - 1))},
        }
        if after is not None:
            body["metadata"]["after"] = after
        if self._system_prompt:
            body["instructions"] = filled(self._system_prompt, request.moment)
        if tools := [*self._hosted_tools, *function_tools(request.tools)]:
            body["tools"] = tools
        return body

    def _at_once(self, request: ReplyRequest, response: Response) -> Answer | RunContinues:
        """The answer, if the server made the whole response before it answered; else the response's id as a new run."""
        outputs = response.outputs
        if response.status == "completed" and not function_calls(outputs) and not says_nothing(outputs):
            text = outcome_of(outputs, request, Usage())
            if isinstance(text, str):
                return self._answer(text, response)
        return RunContinues(response.id)

    def _answer(self, text: str, response: Response | None) -> Answer:
        model = self._named(response)
        run = response.id if response is not None else None
        cut = response is not None and response.status == "incomplete"
        return Answer(text=text, model=model, run=run, usage=usage(response), length="cut" if cut else "")

    def _named(self, response: Response | None) -> str:
        return (response.model if response is not None else None) or self._model

    async def _insist(self, request: ReplyRequest, attempt: Callable[[], Awaitable[T]]) -> T:
        deadline = asyncio.get_running_loop().time() + request.patience
        return await persist(attempt, turn=request.turn, deadline=deadline, sleep=self._sleep)

    @asynccontextmanager
    async def _known(self, thread: str) -> AsyncIterator[None]:
        """Fail the turn if the server loses an unused conversation: it would lose the next one too."""
        try:
            yield
        except ThreadLost as lost:
            if thread not in self._unused:
                raise
            self._unused.discard(thread)
            raise ReplyFailed("bad_request", Detail.LOST_AT_ONCE.said(words=lost.detail)) from lost


def _call_ids(outputs: Sequence[Item]) -> tuple[str, ...]:
    return tuple(item.call_id for item in function_calls(outputs) if item.call_id)
