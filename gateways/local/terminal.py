"""A chat in the terminal: each typed line is a message, and replies are printed as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from pathlib import Path
from secrets import token_hex
from typing import Any, TextIO, TypeVar

from events.inbound import Message
from events.log import EventLog, LogError, LogUnavailable
from events.phrases import Phrase
from events.subjects import ChatKey
from gateways.delivery.delivery import Delivery
from gateways.intake import Intake
from gateways.local.screen import Screen
from gateways.local.typed_lines import typed_lines

ACCOUNT = "terminal"
"""An account of its own, so that the terminal does not compete with the page of `recado up` for replies."""


async def run_terminal(
    log: EventLog, account: str, chat: str, *, name: str | None, stdin: TextIO, stdout: TextIO, data_dir: Path
) -> int:
    """Chat as `chat` (a canonical JID) with `account` until the input ends; from a pipe, until all is answered.

    Returns 0, or 1 if a line could not be stored. Raises GatewayRunning, LogMismatch, LogUnavailable.
    """
    interactive = stdin.isatty()
    key = ChatKey(account, chat)
    screen = Screen(key, stdout, interactive=interactive)
    delivery = Delivery(log, account, screen, data_dir=data_dir, observe=screen.observe, split=screen.messages_of)
    running = asyncio.create_task(delivery.run())
    try:
        await _during(running, delivery.started.wait())
        all_stored = await _during(running, _store_lines(Intake(log), key, screen, name, stdin))
        if not interactive:
            await _during(running, screen.ended())
        delivery.stop()
        await running
        screen.leave()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return 0 if all_stored else 1


async def _store_lines(intake: Intake, key: ChatKey, screen: Screen, name: str | None, stdin: TextIO) -> bool:
    """Store every line as a message. Returns whether the log took them all."""
    all_stored = True
    screen.prompt()
    async with aclosing(typed_lines(stdin)) as lines:
        async for line in lines:
            if line.strip():
                message = Message(id=token_hex(10).upper(), text=line, name=name)
                screen.typed(message.id)
                try:
                    await intake.store(key, message)
                except LogError as refusal:
                    screen.not_stored(message.id, refusal)
                    all_stored = False
            screen.prompt()
    return all_stored


_Result = TypeVar("_Result")


async def _during(running: asyncio.Task[None], work: Coroutine[Any, Any, _Result]) -> _Result:
    """The result of `work`. Raises the delivery's error if that ends first, because no reply would be printed then."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({running, task}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            running.result()
            raise LogUnavailable(Phrase("the log was closed"))
        return task.result()
    finally:
        task.cancel()
