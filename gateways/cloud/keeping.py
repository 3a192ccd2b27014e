"""Stores the events of a webhook."""

from __future__ import annotations

from events.inbound import Edit, Message, Receipt, Revoke
from events.log import Appended, EventLog
from events.subjects import ChatKey
from gateways.intake import Intake


async def keep(event_log: EventLog, intake: Intake, key: ChatKey, event: Message | Edit | Revoke | Receipt) -> Appended:
    """Store an event that a webhook brought. Raises LogError."""
    if isinstance(event, Receipt):
        # WhatsApp's ids are unique, so the id and the state identify the receipt.
        msg_id = f"receipt:{key.account}:{key.chat}:{event.id}:{event.state}"
        return await event_log.publish(key, event, msg_id=msg_id)
    return await intake.store(key, event)
