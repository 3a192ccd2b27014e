"""Words for people about the newest line of a chat: its speaker and its kind."""

from __future__ import annotations

from collections.abc import Callable

from projections.reads.views import Entry, LastWords

SPEAKERS = {
    "assistant": "Bot",
    "operator": "By hand",
    "phone": "By hand, on the phone",
    "system": "recado",
}

KINDS = {
    "audio": "audio",
    "button": "",
    "call": "call",
    "contact": "contact",
    "document": "file",
    "image": "picture",
    "location": "place",
    "poll": "poll",
    "reaction": "reaction",
    "sticker": "sticker",
    "system": "notice of WhatsApp",
    "text": "",
    "unreadable": "bytes that cannot be read",
    "unshown": "cannot be shown",
    "unsupported": "not passed on by WhatsApp",
    "video": "video",
    "voice": "voice message",
}
"""Kinds of messages; nothing for those that are words alone. Any other kind is its own word."""


def speaker(one: LastWords | Entry, person: Callable[[str], str]) -> str:
    """The speaker; `person` writes a JID."""
    author = "phone" if isinstance(one, Entry) and one.from_me else one.author
    if author != "person":
        return SPEAKERS.get(author, author)
    return one.name or (person(one.sender) if one.sender else "They")


def kind(one: LastWords) -> str:
    """The kind of the message, if it was not words alone."""
    return KINDS.get(one.kind, one.kind)
