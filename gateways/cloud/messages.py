"""The messages of a reply on the Cloud API: texts, and degraded parts that are more than text."""

from __future__ import annotations

from chat.parts import parts_of
from events.decisions import Reply
from events.parts import Part
from gateways.delivery.texts import formatted_parts, messages_in, texts_of

WAMID = "wamid."
"""Prefix of WhatsApp's own message ids. Messages with other ids (`recado say`) cannot be quoted or marked as read."""


def messages_of(reply: Reply) -> list[str | Part]:
    """The messages of a reply, in order: the same ones every time."""
    if not parts_of(reply):
        return [*texts_of(reply)]
    return [message for part in formatted_parts(reply) for message in messages_in(part, reply.id)]
