"""Messages in a reply's stead: a template, or the plain reading of a file that was refused later. Each goes out once,
however often the network reports the failure."""

from __future__ import annotations

from contextlib import aclosing

import structlog

from events.decisions import Reply
from events.inbound import READING, Receipt
from events.log import EventLog
from events.subjects import chat_filter
from gateways.delivery.ledger import PendingReply

log = structlog.get_logger("recado.gateway")


async def is_due(event_log: EventLog, pending: PendingReply) -> bool:
    """True if the pending message is still to be sent; a reading gets its `reply`.

    Networks repeat a report after days, when neither the server nor this process remembers it; the log does: an earlier
    receipt shows that the message was begun.
    """
    is_reading = pending.reading is not None
    if pending.reply is not None or not (is_reading or (pending.template is not None and pending.state is None)):
        return True
    async with aclosing(event_log.tail(0, chat_filter(pending.key))) as batches:
        async for batch in batches:
            for recorded in batch:
                event = recorded.event
                if recorded.seq >= pending.seq:
                    if is_reading and pending.reply is None:
                        log.warning("reading_not_sent", reply=pending.id[:64], reason="the log has no such reply")
                    return not is_reading or pending.reply is not None
                if isinstance(event, Reply) and is_reading and event.id == pending.id:
                    pending.reply = event
                elif isinstance(event, Receipt) and event.reply == pending.id and _begins(event, pending):
                    return False
    return False


def _begins(receipt: Receipt, pending: PendingReply) -> bool:
    if pending.reading is None:
        return receipt.template is not None
    return receipt.file == READING and receipt.part == (pending.part if pending.parts else 0)
