"""Showing a person that somebody is at it: what they wrote is marked as read and recado types while a turn runs.

Best effort: a mark that does not get through is neither tried again nor written down.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from events.decisions import Ignored, Reply, TurnFailed, TurnStarted
from events.jid import is_group
from events.recorded import Recorded
from gateways.cloud.graph import Graph
from gateways.cloud.sender import WAMID

AGAIN_AFTER = 20.0
"""Seconds; the indicator lasts 25. https://developers.facebook.com/docs/whatsapp/cloud-api/typing-indicators"""

MOST_TIMES = 15

log = structlog.get_logger("recado.gateway")


class Attention:
    """Follows the account's turns."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._typing: dict[str, asyncio.Task[None]] = {}

    def observe(self, recorded: Recorded) -> None:
        """Something happened just now."""
        event, chat = recorded.event, recorded.key.chat
        if isinstance(event, TurnStarted):
            self._end(chat)
            seen = [message for message in event.messages if message.startswith(WAMID)]
            if seen and not is_group(chat):
                self._typing[chat] = asyncio.create_task(self._type(seen[-1]))
        elif isinstance(event, Reply | TurnFailed | Ignored):
            self._end(chat)

    def close(self) -> None:
        for chat in tuple(self._typing):
            self._end(chat)

    async def _type(self, message: str) -> None:
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": message,
            "typing_indicator": {"type": "text"},
        }
        for _ in range(MOST_TIMES):
            answer = await self._graph.post(body)
            if answer.error is not None and answer.error.code is not None:
                log.info("typing_not_shown", code=answer.error.code, detail=answer.error.detail)
                return
            await asyncio.sleep(AGAIN_AFTER)

    def _end(self, chat: str) -> None:
        task = self._typing.pop(chat, None)
        if task is not None:
            task.cancel()
