"""The turns of an account that run now, each of which a gateway shows as typing until it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from events.decisions import Ignored, Reply, TurnFailed, TurnStarted
from events.recorded import Recorded

Show = Callable[[str, tuple[str, ...], asyncio.Event], Awaitable[None]]
"""Shows a turn in a chat: the chat's name, the turn's messages, and the event that its end sets."""


class RunningTurns:
    """Begins `show` with each turn, as a task beside."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Future[None]] = set()

    def observe(self, recorded: Recorded) -> None:
        """Follow an event that happened just now."""
        event, chat = recorded.event, recorded.key.chat
        if isinstance(event, TurnStarted):
            self._end(chat)
            ended = self._ends[chat] = asyncio.Event()
            task = asyncio.ensure_future(self._show(chat, event.messages, ended))
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

    def _end(self, chat: str) -> None:
        ended = self._ends.pop(chat, None)
        if ended is not None:
            ended.set()
