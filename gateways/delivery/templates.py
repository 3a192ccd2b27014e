"""Sends a template in a reply's stead once, however often the network reports the failed reply."""

from __future__ import annotations

from contextlib import aclosing

from events.inbound import Receipt
from events.log import EventLog
from events.subjects import chat_filter
from gateways.delivery.ledger import Owed


async def was_begun(log: EventLog, owed: Owed) -> bool:
    """Whether an earlier receipt shows that the template was begun.

    Networks repeat a report after days, when neither the server nor this process remembers it; the log does.
    """
    async with aclosing(log.tail(0, chat_filter(owed.key))) as batches:
        async for batch in batches:
            for recorded in batch:
                if recorded.seq >= owed.seq:
                    return False
                event = recorded.event
                if isinstance(event, Receipt) and event.reply == owed.id and event.template is not None:
                    return True
    return False
