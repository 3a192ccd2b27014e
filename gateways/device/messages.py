"""The messages of a reply on a linked device: texts, files of the object stores, places, contacts, reactions."""

from __future__ import annotations

from collections.abc import Iterator

from chat.parts import parts_of, plain
from events.decisions import Reply
from events.parts import FILES, Part
from gateways.delivery.texts import formatted_parts, messages_in, pieces, texts_of

_AS_THEY_ARE = frozenset({"location", "contact", "reaction"})


def messages_of(reply: Reply) -> list[str | Part]:
    """The messages of a reply, in order: the same ones every time. Choices are numbered text, and so is each part that
    a device cannot send: a file by its address is text with the address, since recado fetches none."""
    if not parts_of(reply):
        return [*texts_of(reply)]
    return [message for part in formatted_parts(reply) for message in _messages(reply, part)]


def _messages(reply: Reply, part: Part) -> Iterator[str | Part]:
    if part.kind == "text" or (part.kind in FILES and part.object is not None):
        yield from messages_in(part, reply.id)
    elif part.kind in _AS_THEY_ARE:
        yield part
    else:
        yield from pieces(plain(part), reply.id)
