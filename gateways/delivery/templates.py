"""A template in a reply's stead goes out once, however often the network says that it is owed."""

from __future__ import annotations

from contextlib import aclosing

from events.inbound import Receipt
from events.log import EventLog
from events.subjects import chat_filter
from gateways.delivery.ledger import Owed


async def was_begun(log: EventLog, owed: Owed) -> bool:
    """Whether the template was seen to when an earlier receipt said that it is owed.

    Networks repeat what they say after days, when neither the server nor this process remembers it; the log does.
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
