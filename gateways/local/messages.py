"""The messages of a reply on the simulated phones: every part as WhatsApp shows it, in WhatsApp's limits."""

from __future__ import annotations

from chat.parts import parts_of
from events.decisions import Reply
from events.parts import Part
from gateways.delivery.texts import formatted_parts, messages_in


def messages_of(reply: Reply) -> list[str | Part]:
    """The messages of a reply, each a text or a part that is more, in order: the same ones every time."""
    if not parts_of(reply):
        return [reply.text]
    return [message for part in formatted_parts(reply) for message in messages_in(part, reply.id)]
