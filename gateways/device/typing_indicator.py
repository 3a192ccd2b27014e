"""Read marks and the typing indicator while a turn runs.

Best effort: a mark that fails is not tried again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from events.decisions import Ignored, Reply, TurnFailed, TurnStarted
from events.jid import is_group
from events.recorded import Recorded
from gateways.device.quotable import Quotable
from gateways.device.wire import Phone

AGAIN_AFTER = 10.0
"""Seconds; phones hide the indicator after about 25."""

MOST_TIMES = 30

log = structlog.get_logger("recado.gateway")


class TypingIndicator:
    """Follows the account's turns."""

    def __init__(self, phone: Phone, quotable: Quotable) -> None:
        self._phone = phone
        self._quotable = quotable
        self._running: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def observe(self, recorded: Recorded) -> None:
        """Follow an event that happened just now."""
        event, chat = recorded.event, recorded.key.chat
        if isinstance(event, TurnStarted):
            self._end(chat)
            ended = self._running[chat] = asyncio.Event()
            task = asyncio.create_task(self._show(chat, event.messages, ended))
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

    async def _show(self, chat: str, messages: tuple[str, ...], ended: asyncio.Event) -> None:
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

    def _end(self, chat: str) -> None:
        ended = self._running.pop(chat, None)
        if ended is not None:
            ended.set()
