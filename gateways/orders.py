"""Giving an order about a chat and waiting, on the log itself, for what the chat decides about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from events.decisions import Decision
from events.inbound import Control
from events.log import EventLog, LogUnavailable
from events.subjects import ChatKey, decisions_filter


class NoAnswer(Exception):
    """What was stored had no ending, or was not obeyed, within `patience` seconds; it still will be."""

    def __init__(self, patience: float) -> None:
        super().__init__(f"no answer within {patience:g} s")
        self.patience = patience


async def order(
    log: EventLog,
    key: ChatKey,
    control: Control,
    *,
    patience: float,
    ends: Callable[[Decision], bool] = lambda _: True,
) -> Decision:
    """Store an order about the chat and wait `patience` seconds for the decision that obeys or refuses it; of several,
    for the first that `ends` says it is.

    Raises NoAnswer once it is stored; LogFull, EventTooLarge, LogUnavailable.
    """
    stored = await log.publish(key, control, msg_id=f"control:{key.account}:{key.chat}:{control.id}")
    try:
        async with asyncio.timeout(patience), aclosing(log.tail(stored.seq, decisions_filter(key))) as tail:
            async for batch in tail:
                for recorded in batch:
                    if getattr(recorded.event, "cause", None) == control.id and ends(recorded.event):  # type: ignore[arg-type]
                        return recorded.event  # type: ignore[return-value]
    except TimeoutError as late:
        raise NoAnswer(patience) from late
    raise LogUnavailable("the log was closed")
