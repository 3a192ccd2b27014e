"""Read marks and the typing indicator while a turn runs.

Best effort: a mark that fails is not tried again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from events.jid import is_group
from gateways.device.quotable import Quotable
from gateways.device.wire import Phone

AGAIN_AFTER = 10.0
"""Seconds; phones hide the indicator after about 25."""

MOST_TIMES = 30

log = structlog.get_logger("recado.gateway")


class TypingIndicator:
    """Shows turns on the device, as `RunningTurns` tells of them."""

    def __init__(self, phone: Phone, quotable: Quotable) -> None:
        self._phone = phone
        self._quotable = quotable

    async def show(self, chat: str, messages: tuple[str, ...], ended: asyncio.Event) -> None:
        """Mark the turn's messages as read, and type until the turn has ended."""
        try:
            for message in messages:
                if not is_group(chat) and self._quotable.sender_of(chat, message) is not None:
                    await self._phone.read(chat, message)
            for _ in range(MOST_TIMES):
                if ended.is_set():
                    break
                await self._phone.typing(chat, on=True)
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN_AFTER):
                        await ended.wait()
            await self._phone.typing(chat, on=False)
        except Exception as error:  # noqa: BLE001 - no error here may hold up the reply
            log.info("typing_not_shown", chat=chat, reason=f"{type(error).__name__}: {error}")
