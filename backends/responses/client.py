"""Single calls to the Responses and Conversations APIs: bytes out, checked structs back, one exception per failure."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import aiohttp
import openai

from backends.protocol import RunLost, ThreadLost
from backends.provider.client import Wire
from backends.provider.key import ApiKey
from backends.provider.raw_post import Query
from backends.provider.retry import RETRYABLE, AttemptFailed
from backends.responses.wire import Conversation, Item, JsonObject, Page, Problem, Response

T = TypeVar("T")

ITEMS_AT_ONCE = 20
"""Items that the Conversations API takes in one request."""

_PAGE = 100
_OPEN_CALL = re.compile(r"No tool output found for function call (\S+?)\.?(?:\s|$)")


class ConversationLocked(AttemptFailed):
    """Another response is in progress in the conversation; it may be one of our earlier attempts."""

    def __init__(self, detail: str, retry_after: float | None) -> None:
        super().__init__("provider_error", detail, retry_after, in_doubt=True)


class OpenCall(Exception):
    """The conversation is unusable until the function call has an output."""

    def __init__(self, call_id: str) -> None:
        super().__init__(f"function call {call_id} has no output")
        self.call_id = call_id


class FieldNotTaken(Exception):
    """The server, or the model, does not take an optional field of the request."""

    def __init__(self, field: str) -> None:
        super().__init__(f"the server does not take {field}")
        self.field = field


class Calls:
    """One client for all conversations. Every method that asks the server makes one request, or reads the pages of one
    list, and may raise AttemptFailed; docstrings name its other exceptions.

    It repeats no request. A failure is `in_doubt` if the server may have acted.
    """

    def __init__(self, *, api_key: ApiKey, base_url: str | None) -> None:
        self._wire = Wire(api_key, base_url)
        self._seen_to: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Wait for the tasks of `see_to`, which takes seconds at most, and close the client."""
        await asyncio.gather(*self._seen_to)
        await self._wire.close()

    def see_to(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work`, which raises nothing, in a task of its own."""
        task = asyncio.create_task(work)
        self._seen_to.add(task)
        task.add_done_callback(self._seen_to.discard)

    async def create_conversation(self, items: list[JsonObject], metadata: Mapping[str, str]) -> str:
        body = {"items": items, "metadata": metadata}
        try:
            return (await self._send("post", "/conversations", Conversation, body=body)).id
        except AttemptFailed as failure:
            if _status(failure) not in (404, 405):
                raise
            detail = f"the server has no Conversations API ({failure.detail}): use OPENAI_API_MODE=chat"
            raise AttemptFailed("bad_request", detail) from failure

    async def add_items(self, conversation: str, items: list[JsonObject]) -> None:
        await self._in(conversation, "post", f"/conversations/{conversation}/items", Page, body={"items": items})

    async def last_items(self, conversation: str, limit: int) -> list[Item]:
        """The last `limit` items, oldest first. Raises ThreadLost."""
        query = {"order": "desc", "limit": limit}
        page = await self._in(conversation, "get", f"/conversations/{conversation}/items", Page, query=query)
        return page.data[::-1]

    async def items_after(self, conversation: str, item: str) -> list[Item]:
        """All items after `item` (empty: all items), oldest first. Raises ThreadLost."""
        found: list[Item] = []
        while True:
            query = {"order": "asc", "limit": _PAGE} | ({"after": item} if item else {})
            page = await self._in(conversation, "get", f"/conversations/{conversation}/items", Page, query=query)
            found += page.data
            if not page.has_more or not page.data:
                return found
            item = page.data[-1].id or ""

    async def delete_item(self, conversation: str, item: str) -> None:
        """Delete the item; one that is gone already is no error."""
        with suppress(ThreadLost):
            await self._in(conversation, "delete", f"/conversations/{conversation}/items/{item}", dict[str, Any])

    async def create_response(self, body: JsonObject) -> Response:
        """Request a response. Raises ThreadLost, OpenCall, FieldNotTaken."""
        try:
            return await self._in(body["conversation"], "post", "/responses", Response, body=body)
        except AttemptFailed as failure:
            error = failure.__cause__
            if _status(failure) not in (400, 422) or not isinstance(error, openai.APIStatusError):
                raise
            if unclosed := _OPEN_CALL.search(error.message):
                raise OpenCall(unclosed[1]) from failure
            for field in ("background", "truncation"):
                if field in body and (error.param == field or field in error.message):
                    raise FieldNotTaken(field) from failure
            raise

    async def response(self, run: str) -> Response:
        """The response `run`. Raises RunLost if the server does not know it."""
        try:
            return await self._send("get", f"/responses/{run}", Response)
        except AttemptFailed as failure:
            if _status(failure) in (403, 404):
                raise RunLost(run, failure.detail) from failure
            raise

    def detail(self, problem: Problem | None) -> str:
        """The provider's error of a failed response, fit for a log line."""
        told = f"{problem.code}: {problem.message}" if problem is not None else "the provider does not say why"
        return self._wire.redacted(told)

    async def cancel_response(self, run: str) -> None:
        await self._send("post", f"/responses/{run}/cancel", Response)

    async def _in(self, conversation: str, method: str, path: str, shape: type[T], **how: Any) -> T:
        """Make a request that names a conversation. Raises ThreadLost if that is gone or belongs to another account,
        ConversationLocked."""
        try:
            return await self._send(method, path, shape, **how)
        except AttemptFailed as failure:
            error = failure.__cause__
            if not isinstance(error, openai.APIStatusError):
                raise
            if error.code == "conversation_locked":
                raise ConversationLocked(failure.detail, failure.retry_after) from error
            if _is_lost(error, failure.error_class, method):
                raise ThreadLost(conversation, failure.detail) from failure
            raise

    async def _send(
        self,
        method: str,
        path: str,
        shape: type[T],
        *,
        body: JsonObject | None = None,
        query: Query | None = None,
    ) -> T:
        try:
            if method == "get":
                answer = await self._wire.get(path, query)
            elif method == "delete":
                answer = await self._wire.delete(path)
            else:
                answer = await self._wire.post(path, body)
        except AttemptFailed as failure:
            failure.in_doubt = method == "post" and _in_doubt(failure.__cause__)
            raise
        try:
            return self._wire.read(answer, shape)
        except AttemptFailed as failure:
            # An error that the server words inside an answer of 200 is a refusal like any other.
            failure.in_doubt = failure.problem is None or failure.error_class in RETRYABLE
            raise


def _status(failure: AttemptFailed) -> int | None:
    error = failure.__cause__
    return error.status_code if isinstance(error, openai.APIStatusError) else None


def _is_lost(error: openai.APIStatusError, error_class: str, method: str) -> bool:
    """True if the error is that the conversation is gone or not ours. An id of another server is refused with 400."""
    if method != "post":
        return error.status_code in (400, 403, 404)
    named = "conversation" in error.message.lower() or (error.param or "").startswith("conversation")
    return named and error.status_code in (403, 404) and error_class != "unknown_model"


def _in_doubt(error: BaseException | None) -> bool:
    """True if the provider may have acted: not if it refused, if the request could not be encoded, or if there was no
    connection."""
    if isinstance(error, UnicodeError):
        return False
    if isinstance(error, openai.APIStatusError):
        return error.status_code in (408, 409) or error.status_code >= 500
    cause = error
    while cause is not None and not isinstance(cause, aiohttp.ClientConnectorError):
        cause = cause.__cause__
    return cause is None
