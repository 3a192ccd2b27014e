"""WhatsApp's customer service window: for 24 hours after a person's last message a business may write freely,
afterwards it sends a template alone.

Meta decides (`window_closed`, 131047); this is told to people before. Pure. After
https://developers.facebook.com/docs/whatsapp/pricing#customer-service-windows, read 2026-11-29.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gateways.cloud.messages import WAMID

LASTS = timedelta(hours=24)


def is_of_cloud(message: str) -> bool:
    """True if the id is of a message that came through the Cloud API: other networks know no window."""
    return message.startswith(WAMID)


def closes_at(wrote: datetime) -> datetime:
    """The end of the window of a person who last wrote at this time."""
    return wrote + LASTS
