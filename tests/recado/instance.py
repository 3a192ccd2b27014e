"""The test in the place of an instance: it ends a message or an order as it likes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TypeVar

from events.decisions import Decision, Reply
from events.inbound import Control, Message
from events.log import EventLog
from events.subjects import ChatKey

ANA = ChatKey("local", "5511999990001@s.whatsapp.net")
BIA = ChatKey("local", "5511999990002@s.whatsapp.net")
AT = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)

Event = TypeVar("Event", Message, Control)


async def decide(log: EventLog, *decisions: Decision, key: ChatKey = ANA) -> None:
    """Append decisions of the chat, one after the other."""
    for decision in decisions:
        last = await log.last_decision(key)
        expected = last.seq if last is not None else 0
        await log.append(key, decision, expected=expected, msg_id=f"test:{expected}:{key.account}:{key.chat}")


async def decide_on(
    log: EventLog, kind: type[Event], make: Callable[[Event], list[Decision]], *, key: ChatKey = ANA, after: int = 0
) -> Event:
    """Wait for the next message or order of the chat, and decide what `make` makes of it."""
    async with asyncio.timeout(60), aclosing(log.tail(after)) as tail:
        async for batch in tail:
            for recorded in batch:
                if recorded.key == key and isinstance(recorded.event, kind):
                    await decide(log, *make(recorded.event), key=key)
                    return recorded.event
    raise AssertionError("the tail ended")


def reply(*messages: str, text: str = "hello yourself", key: ChatKey = ANA, **fields: object) -> Reply:
    return Reply(
        **{  # type: ignore[arg-type]
            "id": f"r-{text}",
            "turn": None,
            "chat": key.chat,
            "account": key.account,
            "text": text,
            "in_reply_to": messages,
            "author": "assistant",
            "at": AT,
            **fields,
        }
    )
