"""Requests a response so that the provider acts on the request once, even if it has to be sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from backends.protocol import ReplyFailed, ThreadLost
from backends.provider.quirks import Quirks, insist
from backends.provider.retry import AttemptFailed
from backends.responses.client import Calls, ConversationLocked, FieldNotTaken, OpenCall
from backends.responses.conversation import Occurrence
from backends.responses.mend import mended
from backends.responses.wire import Item, JsonObject, Response, output_items
from chat.built_in import BUILT_IN
from events.details import Detail

log = structlog.get_logger("recado.backends")

UNANSWERED = "This call was given up, and nobody knows whether it was carried out."
ENDED = "Your answer ended here. What the person got of it is told with their next message."
"""The outputs of function calls whose turn is over."""

_LATE_ANSWER = 5.0
"""Seconds for which recado waits for the answer to an abandoned request, to stop the response."""


def given_up_as(name: str) -> str:
    """The output of a call of this tool that gets no other: a question of recado's own tools ends a turn."""
    return ENDED if name in BUILT_IN else UNANSWERED


class Server(msgspec.Struct):
    """Properties of the server, as far as they are known.

    - `locks`: it refuses a second response in a conversation while one is in progress.
    - `takes`: optional fields of the request that it has not refused.
    - `quirks`: the rest of what it does not take.
    """

    locks: bool
    quirks: Quirks = msgspec.field(default_factory=Quirks)
    takes: set[str] = msgspec.field(default_factory=lambda: {"background", "truncation"})


class Posting:
    """`POST /responses` with `body`; `attempt` gives the response, or the outputs of an earlier request's response.

    If `in_doubt`, the input is searched in the conversation before it is sent. At a server that locks, sending is safe
    if the input is not found. At others half of the time until `deadline` must pass first, since an earlier request may
    still show up. Input of an earlier request without an answer is removed. Raises AttemptFailed and ThreadLost.

    - `look`: finds the places in the conversation that hold the input, one for each time that it was sent.
    - `in_doubt`: the input may have been sent before.
    - `deadline`: the loop's time.
    """

    def __init__(
        self,
        calls: Calls,
        server: Server,
        body: JsonObject,
        look: Callable[[], Awaitable[list[Occurrence]]],
        *,
        in_doubt: bool,
        deadline: float,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._calls = calls
        self._server = server
        self._body = body
        self._conversation: str = body["conversation"]
        self._look = look
        self._in_doubt = in_doubt
        self._deadline = deadline
        self._sleep = sleep

    async def attempt(self) -> Response | tuple[Item, ...]:
        wait = 0.2
        while True:
            if self._in_doubt and (outputs := await self._found()):
                return outputs
            was, self._in_doubt = self._in_doubt, True
            try:
                response = await self._mended(was)
            except ConversationLocked:
                self._server.locks = True
                if self._left() <= wait:
                    raise
            except AttemptFailed as failure:
                if not failure.in_doubt:
                    self._in_doubt = was
                raise
            else:
                return await self._the_only_one(response) if was and isinstance(response, Response) else response
            await self._sleep(wait)
            wait = min(wait * 1.5, 2.0)

    async def _found(self) -> tuple[Item, ...]:
        """The outputs of an earlier request's response; empty if the input may be sent."""
        until, wait = asyncio.get_running_loop().time() + self._left() / 2, 0.2
        while True:
            occurrences = await self._look()
            if occurrences and occurrences[0].outputs:
                log.info("response_found", conversation=self._conversation)
                await self._remove(occurrences[1:])
                return occurrences[0].outputs
            if self._server.locks and not occurrences:
                return ()
            if asyncio.get_running_loop().time() >= until:
                break
            await self._sleep(wait)
            wait = min(wait * 1.5, 2.0)
        await self._remove(occurrences)
        return ()

    async def _the_only_one(self, response: Response) -> Response | tuple[Item, ...]:
        """`response`, or the outputs of an earlier one that completed just before it: then `response` is undone."""
        occurrences = await self._look()
        if not occurrences or not occurrences[0].outputs:
            return response
        if not response.ended:
            response = await self._calls.response(response.id)
        if {item.id for item in occurrences[0].outputs} & {item.id for item in response.outputs}:
            return response
        log.warning("response_undone", conversation=self._conversation, response=response.id)
        if not response.ended:
            await self._calls.cancel_response(response.id)
        first, *others = await self._look()
        await self._remove(others)
        return first.outputs

    async def _remove(self, occurrences: list[Occurrence]) -> None:
        for occurrence in reversed(occurrences):
            await remove(self._calls, self._conversation, occurrence.items)

    async def _mended(self, in_doubt: bool) -> Response | tuple[Item, ...]:
        """The response. Leaves out fields that the server does not take, and closes open calls. If `in_doubt`, an open
        call may belong to an earlier response to this input: then returns the outputs of that one."""
        for _ in range(8):
            body = {name: value for name, value in self._body.items() if name not in _OPTIONAL or self._takes(name)}
            try:
                return await insist(self._sent, body, self._server.quirks, mended)
            except FieldNotTaken as refused:
                log.info("field_not_taken", field=refused.field)
                self._server.takes.discard(refused.field)
            except OpenCall as open_:
                if in_doubt and (occurrences := await self._look()) and occurrences[0].outputs:
                    return occurrences[0].outputs
                log.warning("open_call_closed", conversation=self._conversation, call=open_.call_id)
                await self._calls.add_items(self._conversation, output_items({open_.call_id: UNANSWERED}))
        raise AttemptFailed("bad_request", Detail.OPEN_CALLS.said())

    def _takes(self, field: str) -> bool:
        return field in self._server.takes

    async def _sent(self, body: JsonObject) -> Response:
        posting = asyncio.create_task(self._calls.create_response(body))
        try:
            await asyncio.wait({posting}, timeout=self._left() / 2)
        except asyncio.CancelledError:
            self._calls.see_to(_stopped(self._calls, posting))
            raise
        if not posting.done():
            posting.cancel()
            raise AttemptFailed("timeout", Detail.NO_ANSWER_AT_ALL.said(), in_doubt=True)
        return posting.result()

    def _left(self) -> float:
        return max(0.0, self._deadline - asyncio.get_running_loop().time())


_OPTIONAL = {"background", "truncation"}


async def _stopped(calls: Calls, posting: asyncio.Task[Response]) -> None:
    """Have the provider stop the response to an abandoned request, whose id its answer will tell."""
    try:
        async with asyncio.timeout(_LATE_ANSWER):
            response = await posting
            if not response.ended:
                await calls.cancel_response(response.id)
    except (ReplyFailed, ThreadLost, OpenCall, FieldNotTaken, TimeoutError) as failure:
        log.info("abandoned_response_not_stopped", reason=str(failure) or "no answer")


async def remove(calls: Calls, conversation: str, items: tuple[str, ...]) -> None:
    """Delete `items` from the conversation, the last one first: no reply to them will come."""
    log.info("items_removed", conversation=conversation, items=len(items))
    for item in reversed(items):
        await calls.delete_item(conversation, item)
