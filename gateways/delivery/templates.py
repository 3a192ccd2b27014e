"""Sends a template in a reply's stead once, however often the network reports the failed reply."""

from __future__ import annotations

from contextlib import aclosing

from events.inbound import Receipt
from events.log import EventLog
from events.subjects import chat_filter
from gateways.delivery.ledger import PendingReply


async def was_begun(log: EventLog, pending: PendingReply) -> bool:
    """Whether an earlier receipt shows that the template was begun.

    Networks repeat a report after days, when neither the server nor this process remembers it; the log does.
    """
    async with aclosing(log.tail(0, chat_filter(pending.key))) as batches:
        async for batch in batches:
            for recorded in batch:
                if recorded.seq >= pending.seq:
                    return False
                event = recorded.event
                if isinstance(event, Receipt) and event.reply == pending.id and event.template is not None:
                    return True
    return False
