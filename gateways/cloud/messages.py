"""The messages of a reply on the Cloud API: texts, and degraded parts that are more than text."""

from __future__ import annotations

from collections.abc import Iterator

from chat.parts import parts_of
from events.decisions import Reply
from events.parts import Part
from gateways.delivery.degrading import degraded
from gateways.delivery.texts import formatted_parts, pieces, texts_of

WAMID = "wamid."
"""Prefix of WhatsApp's own message ids. Messages with other ids (`recado say`) cannot be quoted or marked as read."""


def messages_of(reply: Reply) -> list[str | Part]:
    """The messages of a reply, in order: the same ones every time."""
    if not parts_of(reply):
        return [*texts_of(reply)]
    return [message for part in formatted_parts(reply) for message in _messages(reply, part)]


def _messages(reply: Reply, part: Part) -> Iterator[str | Part]:
    if part.kind == "text":
        yield from pieces(part.text or "", reply.id)
    else:
        for message in degraded(part):
            yield message.text or "" if message.kind == "text" else message
