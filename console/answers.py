"""Rules for every answer to a user who was let in, whichever route gives it.

- It tells the script of the page what the user may do now, and whether recado takes work.
- The answer to a GET ends within a second once its user would not be let in any more, or has other rights: a stream,
  or a file that a browser reads slowly.
"""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.access import rights_of
from console.entrance import LetIn
from console.languages import translate_of
from console.standing import standing

LOOK_EVERY = 0.5
"""Seconds after which an answer that is still being given looks for its user."""

RIGHTS = "recado-rights"
"""The header with the mark of what the user may do."""

TROUBLE = "recado-trouble"
"""The header that says why recado takes no work, percent-encoded; empty: it does."""

BUS = "recado-bus"
"""The header that says whether the bus answers: `there` or `away`."""

log = structlog.get_logger("recado.console")


class Answers:
    """ASGI middleware behind the login."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        let_in: LetIn | None = scope.get("let_in")
        if let_in is None:
            await self._app(scope, receive, send)
            return
        begun: Headers | None = None

        async def send_told(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = _told(scope, let_in, message)
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                begun = None  # it is whole: nothing of it can be ended any more

        if scope["method"] != "GET":  # one that ends sessions has to be answered
            await self._app(scope, receive, send_told)
            return
        loop, limit = asyncio.get_running_loop(), asyncio.timeout(None)
        timer: asyncio.TimerHandle | None = None

        def look() -> None:
            nonlocal timer
            if begun is None or let_in.is_still():
                timer = loop.call_later(LOOK_EVERY, look)
            else:
                limit.reschedule(loop.time())

        look()
        try:
            async with limit:
                try:
                    await self._app(scope, receive, send_told)
                finally:
                    if timer is not None:
                        timer.cancel()
        except TimeoutError:
            if not limit.expired() or begun is None:
                raise
            log.info("answer_ended", user=let_in.user.name, reason="the session has ended, or has other rights")
            await _end(scope, receive, send, begun)


def _told(scope: Scope, let_in: LetIn, start: Message) -> Headers:
    """The headers of the answer, with those for the script of the page."""
    headers = MutableHeaders(scope=start)
    now = standing(scope["app"].state.deps, translate_of(Request(scope)))
    headers[RIGHTS] = rights_of(let_in.user)
    headers[TROUBLE] = quote(now.trouble)
    headers[BUS] = "there" if now.has_bus else "away"
    return headers


async def _end(scope: Scope, receive: Receive, send: Send, begun: Headers) -> None:
    """End an answer in the middle. One whose length was told is cut off, so that nobody takes it for whole."""
    if "content-length" not in begun:
        await send({"type": "http.response.body", "body": b""})
        return
    scope["drop"]()
    while (await receive())["type"] != "http.disconnect":
        pass
