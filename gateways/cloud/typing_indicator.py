"""Read marks and the typing indicator while a turn runs.

Best effort: a mark that fails is not tried again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import structlog

from events.decisions import Ignored, Reply, TurnFailed, TurnStarted
from events.jid import is_group
from events.recorded import Recorded
from gateways.cloud.graph import Graph
from gateways.cloud.messages import WAMID

AGAIN_AFTER = 20.0
"""Seconds; the indicator lasts 25. https://developers.facebook.com/docs/whatsapp/cloud-api/typing-indicators"""

MOST_TIMES = 15

log = structlog.get_logger("recado.gateway")


class TypingIndicator:
    """Follows the account's turns."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._running: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def observe(self, recorded: Recorded) -> None:
        """Follow an event that happened just now."""
        event, chat = recorded.event, recorded.key.chat
        if isinstance(event, TurnStarted):
            self._end(chat)
            seen = [message for message in event.messages if message.startswith(WAMID)]
            if seen and not is_group(chat):
                ended = self._running[chat] = asyncio.Event()
                task = asyncio.create_task(self._show(seen[-1], ended))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        elif (isinstance(event, Reply) and event.in_reply_to) or (
            isinstance(event, TurnFailed | Ignored) and event.messages
        ):
            self._end(chat)  # a word or a reaction before the answer ends nothing

    def close(self) -> None:
        """Show nothing more."""
        for task in self._tasks:
            task.cancel()

    async def _show(self, message: str, ended: asyncio.Event) -> None:
        """Mark the message as read, and type until the turn has ended. If it has ended already, mark only."""
        body: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": message}
        typing = body | {"typing_indicator": {"type": "text"}}
        for _ in range(MOST_TIMES):
            answer = await self._graph.post(body if ended.is_set() else typing)
            if answer.error is not None and answer.error.code is not None:
                log.info("typing_not_shown", code=answer.error.code, detail=answer.error.detail)
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_AFTER):
                    await ended.wait()
                return

    def _end(self, chat: str) -> None:
        ended = self._running.pop(chat, None)
        if ended is not None:
            ended.set()
