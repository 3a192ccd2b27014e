"""Read marks and the typing indicator while a turn runs.

Best effort: a mark that fails is not tried again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import structlog

from events.jid import is_group
from gateways.cloud.graph import Graph
from gateways.cloud.messages import WAMID

AGAIN_AFTER = 20.0
"""Seconds; the indicator lasts 25. https://developers.facebook.com/docs/whatsapp/cloud-api/typing-indicators"""

MOST_TIMES = 15

log = structlog.get_logger("recado.gateway")


class TypingIndicator:
    """Shows turns to Meta, as `RunningTurns` tells of them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def show(self, chat: str, messages: tuple[str, ...], ended: asyncio.Event) -> None:
        """Mark the turn's messages as read, and type until the turn has ended. If it has ended already, mark only."""
        seen = [message for message in messages if message.startswith(WAMID)]
        if not seen or is_group(chat):
            return
        body: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": seen[-1]}
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
