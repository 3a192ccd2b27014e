"""The fields of webhooks that docs/whatsapp.md subscribes, and the use of each.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview (2026-05), and for
calls https://developers.facebook.com/documentation/business-messaging/whatsapp/calling (2026-05).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Becomes = Literal["events of a chat", "news of the account"]

FIELDS: Mapping[str, Becomes] = {
    "messages": "events of a chat",
    "smb_message_echoes": "events of a chat",
    "user_preferences": "events of a chat",
    "calls": "events of a chat",
    "account_alerts": "news of the account",
    "account_review_update": "news of the account",
    "account_update": "news of the account",
    "business_capability_update": "news of the account",
    "message_template_components_update": "news of the account",
    "message_template_quality_update": "news of the account",
    "message_template_status_update": "news of the account",
    "payment_configuration_update": "news of the account",
    "phone_number_name_update": "news of the account",
    "phone_number_quality_update": "news of the account",
    "security": "news of the account",
    "template_category_update": "news of the account",
}
"""A changed user id comes with `messages`. The field `user_id_update`, which was announced for it, is none that can be
subscribed (https://developers.facebook.com/documentation/business-messaging/whatsapp/changelog/, 2026-08-11); some
providers pass it on, so it is read.

Fields that are not here are news of the account too; what they say of people is left out."""


def is_of_a_chat(field: str) -> bool:
    """True if the field brings events of chats."""
    return FIELDS.get(field) == "events of a chat"


def counted_as(field: str) -> str:
    """The field's name for the metric; `other` for a name that is in no list."""
    return field if field in FIELDS else "other"
