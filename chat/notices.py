"""Replies that no model wrote: notices, apologies and an operator's words."""

from __future__ import annotations

from chat.commands import Facts
from events.decisions import Author, Reply


def say(
    facts: Facts,
    *,
    reply: str,
    text: str,
    author: Author,
    in_reply_to: tuple[str, ...] = (),
    about: str | None = None,
    cause: str | None = None,
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
    )
