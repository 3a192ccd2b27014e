"""Replies that no model wrote: notices, apologies, and words and parts of an operator."""

from __future__ import annotations

from msgspec import UNSET

from chat.commands import Facts
from events.decisions import Author, Reply
from events.parts import Part


def say(
    facts: Facts,
    *,
    reply: str,
    text: str,
    author: Author,
    in_reply_to: tuple[str, ...] = (),
    about: str | None = None,
    cause: str | None = None,
    parts: tuple[Part, ...] = (),
    quote: str | None = None,
) -> Reply:
    """The reply with this text and id; `in_reply_to` are the messages that it ends."""
    return Reply(
        id=reply,
        turn=None,
        chat=facts.key.chat,
        account=facts.key.account,
        text=text,
        in_reply_to=in_reply_to,
        author=author,
        at=facts.at,
        about=about,
        cause=cause,
        parts=parts or UNSET,
        quote=quote or UNSET,
        previews=facts.previews or UNSET,
    )
