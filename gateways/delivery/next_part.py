"""The next message of a reply."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chat.parts import plain
from events.decisions import Reply
from events.parts import FILES
from events.parts import Part as Content
from gateways.delivery.ledger import PendingReply
from gateways.delivery.sender import Part

Split = Callable[[Reply], Sequence[str | Content]]
"""Gives the messages of a reply, each a text or a part that is more; the same ones every time."""


def next_part(pending: PendingReply, split: Split) -> Part | None:
    """The reply's next part; None if the reply was begun in other parts than `split` returns now."""
    key, reply = pending.key, pending.reply
    if pending.template is not None or reply is None:
        return Part(key.account, key.chat, pending.id, "", template=pending.template)
    messages = split(reply) or ("",)
    if pending.parts not in (0, len(messages)) or pending.part > len(messages):
        return None
    message = messages[pending.part - 1]
    content, text = (None, message) if isinstance(message, str) else (message, plain(message))
    if pending.reading is not None and (content is None or content.kind not in FILES):
        return None
    part = Part(
        key.account,
        key.chat,
        pending.id,
        text,
        pending.part,
        len(messages),
        reply.in_reply_to,
        content=content,
        quote=reply.quote if isinstance(reply.quote, str) else None,
        previews=reply.previews is True,
    )
    return part if pending.reading is None else part.in_words(pending.reading)
