"""Waiting for the end of a response, and cancelling one that takes too long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from backends.protocol import ReplyFailed, ReplyRequest, no_answer
from backends.provider.polling import looks
from backends.provider.retry import persist
from backends.responses.client import Calls
from backends.responses.wire import Response
from events.details import Detail

_CANCEL_WITHIN = 5.0

log = structlog.get_logger("recado.backends")


class Polling:
    """Asks for responses with `calls` until they have ended."""

    def __init__(self, calls: Calls, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._calls = calls
        self._sleep = sleep

    async def ended(self, request: ReplyRequest, run: str, deadline: float) -> Response:
        """The response after its end; a response that outlasts the patience is cancelled. Raises ReplyFailed."""
        loop = asyncio.get_running_loop()
        ask = partial(persist, partial(self._calls.response, run), turn=request.turn, sleep=self._sleep)
        try:
            response = await ask(deadline=deadline)
            for wait in looks():
                if response.ended or loop.time() + wait >= deadline:
                    break
                await self._sleep(wait)
                response = await ask(deadline=deadline)
        except ReplyFailed:
            await self.cancel(run)
            raise
        if not response.ended:
            await self.cancel(run)
            fault = no_answer(request.patience)
            raise ReplyFailed("timeout", Detail.NO_ANSWER_YET.said(status=response.status, fault=fault))
        return response

    async def cancel(self, run: str) -> None:
        """Cancel the response, if the server answers soon enough."""
        try:
            async with asyncio.timeout(_CANCEL_WITHIN):
                await self._calls.cancel_response(run)
        except (ReplyFailed, TimeoutError) as failure:
            log.info("run_not_cancelled", run=run, reason=str(failure) or "no answer")
