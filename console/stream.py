"""The live half of the page: one server-sent event stream for the open chat, resumable at any sequence of the log.

The chat's events come from the log itself, from the sequence that the page gives. So the first read, a reconnect and a
restart work alike. A browser that reads slowly slows down only its own tail.
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.types import Message as Sent
from starlette.types import Receive, Scope, Send

from console.bubbles import Bubble, bubbles_of, sizes_of
from console.deps import Deps
from console.languages import Translate, translate_of
from console.news import ChatNews
from console.open_streams import OpenStreams
from console.seen import Looking, looking
from console.wording import stored
from events.decisions import Reply, TurnFailed
from events.inbound import Message, Receipt
from events.log import LogError
from events.recorded import Recorded, Unknown, Unreadable
from events.subjects import ChatKey, chat_filter
from events.users import User
from projections.reads.reader import ProjectionMissing

KEEP_ALIVE = 15.0
"""Seconds after which a quiet stream sends a comment, which shows whether the connection still works."""

RECONNECT = 500
"""Milliseconds after which a browser reconnects."""

_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
_LOOK_EVERY = 0.5
_QUEUED = 64

log = structlog.get_logger("recado.console")
_encoder = msgspec.json.Encoder()


class SeenEvent(msgspec.Struct, frozen=True):
    """An event of the log as the page gets it.

    - `seq`: its sequence.
    - `side`: `i` for inbound events, `o` for decisions.
    - `type`: its type.
    - `at`: when the log took it.
    - `msg_id`: its deduplication id.
    - `repeat`: whether it is a message whose id the chat has had before.
    - `known`: False for bytes that are no event, or an event of a newer version.
    - `payload`: the event; if it is not known, the reason.
    - `bubbles`: the messages of a reply with parts.
    - `detail`: the words of the fault of a turn or a receipt, in the language of the page; empty: there is none.
    """

    seq: int
    side: str
    type: str
    at: datetime
    msg_id: str
    repeat: bool
    known: bool
    payload: Any
    bubbles: tuple[Bubble, ...] = ()
    detail: str = ""


class Status(msgspec.Struct, frozen=True):
    """The readiness of recado, and the reasons against it in the language of the page."""

    ready: bool
    reasons: tuple[str, ...]


class EventStream:
    """An ASGI response that streams these server-sent events.

    - `log`: the log's creation time, once at the beginning.
    - `status`: a Status at each change.
    - `news`: a ChatNews for each chat of the phones' account with something new, if the user sees that account.
    - `looking`: a Looking, once at the beginning and at each change.
    - `event`: a SeenEvent for each event of the chat after the sequence `after`; its id is the event's sequence.

    Raises Problem, before it begins, if too many are open.
    """

    def __init__(
        self,
        deps: Deps,
        key: ChatKey,
        after: int,
        created: datetime,
        *,
        closing: asyncio.Event,
        open_streams: OpenStreams,
    ) -> None:
        self._deps = deps
        self._key = key
        self._after = after
        self._created = created
        self._closing = closing
        self._open = open_streams
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(_QUEUED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begin: Sent = {"type": "http.response.start", "status": 200, "headers": _HEADERS}
        if scope["method"] == "HEAD":
            await send(begin)
            await send({"type": "http.response.body"})
            return
        with self._open.one_more(scope["visitor"].place):
            await send(begin)
            await self._run(scope["user"], translate_of(Request(scope)), receive, send)

    async def _run(self, user: User, translate: Translate, receive: Receive, send: Send) -> None:
        parts: list[Coroutine[Any, Any, None]] = [
            self._write(send),
            self._chat(translate),
            *([self._news()] if user.sees(self._deps.account) else []),
            self._status(translate),
            _disconnected(receive),
            self._closed(),
        ]
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if (error := task.exception()) is not None:
                log.warning("stream_ended", reason=str(error) or type(error).__name__, exc_info=_unexpected(error))
        # The browser reconnects by itself and goes on after its last event.
        await send({"type": "http.response.body", "body": b""})

    async def _chat(self, translate: Translate) -> None:
        async with aclosing(self._deps.log.tail(self._after, chat_filter(self._key))) as batches:
            async for batch in batches:
                firsts = await self._firsts(batch)
                sizes = await sizes_of(self._deps.files, (one.event for one in batch if isinstance(one.event, Reply)))
                await self._queue.put(b"".join(_event(one, firsts, sizes, translate) for one in batch))

    async def _firsts(self, batch: list[Recorded]) -> dict[str, int]:
        """The first sequence of each of the batch's messages in the chat; empty without a projection."""
        messages = [recorded.event.id for recorded in batch if isinstance(recorded.event, Message)]
        if not messages:
            return {}
        try:
            return await self._deps.read(self._deps.queries.firsts, self._key, messages)
        except ProjectionMissing:
            return {}
        except Exception:  # the events are shown all the same, a repeat as if it were none
            log.exception("repeats_unknown", after=batch[0].seq - 1, upto=batch[-1].seq)
            return {}

    async def _news(self) -> None:
        with self._deps.news.subscribe() as unread:
            while True:
                await self._queue.put(b"".join(map(_news, await unread.take())))

    async def _status(self, translate: Translate) -> None:
        there: Looking | None = None
        await self._queue.put(f"retry: {RECONNECT}\n\n".encode() + _message("log", self._created))
        said: Status | None = None
        silent = 0.0
        while True:
            reasons = tuple(map(translate.say, self._deps.not_ready()))
            status = Status(not reasons, reasons)
            if status != said:
                await self._queue.put(_message("status", status))
                said, silent = status, 0.0
            elif there != (now := looking(self._deps.seen, self._key)):
                await self._queue.put(_message("looking", now))
                there = now
            elif silent >= KEEP_ALIVE:
                await self._queue.put(b": still here\n\n")
                silent = 0.0
            await asyncio.sleep(_LOOK_EVERY)
            silent += _LOOK_EVERY

    async def _write(self, send: Send) -> None:
        while True:
            body = await self._queue.get()
            await send({"type": "http.response.body", "body": body, "more_body": True})

    async def _closed(self) -> None:
        await self._closing.wait()


def _seen(recorded: Recorded, firsts: Mapping[str, int], sizes: Mapping[str, int], translate: Translate) -> SeenEvent:
    event = recorded.event
    repeat = isinstance(event, Message) and firsts.get(event.id, recorded.seq) < recorded.seq
    known = not isinstance(event, (Unreadable, Unknown))
    bubbles = bubbles_of(event, recorded.seq, sizes) if isinstance(event, Reply) else ()
    fault = event.error if isinstance(event, TurnFailed | Receipt) else None
    detail = stored(translate, fault.detail) if fault is not None else ""
    return SeenEvent(
        recorded.seq, recorded.side, recorded.type, recorded.at, recorded.msg_id, repeat, known, event, bubbles, detail
    )


def _event(recorded: Recorded, firsts: Mapping[str, int], sizes: Mapping[str, int], translate: Translate) -> bytes:
    """The event as the page gets it; one that cannot be shown says so, and the next ones follow."""
    try:
        return _message("event", _seen(recorded, firsts, sizes, translate), recorded.seq)
    except Exception as defect:
        log.exception("not_shown", seq=recorded.seq, type=recorded.type)
        unshown = Unreadable("unshown", type(defect).__name__)
        seen = SeenEvent(recorded.seq, recorded.side, recorded.type, recorded.at, "", False, False, unshown)
        return _message("event", seen, recorded.seq)


def _news(news: ChatNews) -> bytes:
    try:
        return _message("news", news)
    except Exception:  # the chat itself shows it, or says that it cannot be shown
        log.exception("not_shown", seq=news.seq)
        return b""


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _message(name: str, data: object, seq: int | None = None) -> bytes:
    """One event of the stream. Encoded JSON has no line ends, so one `data` line holds it."""
    head = f"event: {name}\n" if seq is None else f"id: {seq}\nevent: {name}\n"
    return head.encode() + b"data: " + _encoder.encode(data) + b"\n\n"


def _unexpected(error: BaseException) -> BaseException | None:
    return None if isinstance(error, (LogError, OSError)) else error
