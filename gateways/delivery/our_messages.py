"""The ids under which the network knows our own messages: replies and tools name them by reply and number."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from events.inbound import Receipt
from events.log import EventLog, LogUnavailable
from events.phrases import Phrase
from events.subjects import ChatKey, chat_filter
from gateways.delivery.sender import Part

WITHIN = 60.0
"""Seconds to wait for a claim that was written before."""


async def sent_as(log: EventLog, part: Part, name: str) -> str | None:
    """The network's id of the message `<reply>` or `<reply>#<number>` of the chat; None if none is known.

    - `part`: is being sent: its claim is in the log, after every message that it may name.

    Raises LogUnavailable.
    """
    found: str | None = None
    subject = f"{chat_filter(ChatKey(part.account, part.chat)).removesuffix('*.*')}i.receipt"
    try:
        async with asyncio.timeout(WITHIN), aclosing(log.tail(0, subject)) as batches:
            async for batch in batches:
                for recorded in batch:
                    event = recorded.event
                    if not isinstance(event, Receipt):
                        continue
                    if event.reply == part.reply and event.part in (0, part.number):
                        return found
                    if event.provider_id and name in (event.reply if event.part < 2 else "", _numbered(event)):
                        found = event.provider_id
    except TimeoutError:  # the chat was erased since
        raise LogUnavailable(Phrase("the claim of the message is not in the log")) from None
    return found


def _numbered(receipt: Receipt) -> str:
    return f"{receipt.reply}#{receipt.part or 1}"
