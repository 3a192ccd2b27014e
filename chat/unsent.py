"""Replies that may not have reached the person: the chat asks for a human, once, and goes on meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from chat import acknowledging
from chat.commands import Facts
from chat.limits import LONGEST_NAME, LONGEST_NOTE
from chat.state import Chat, Unsent
from chat.work import AskAbout
from events.decisions import Attention
from events.inbound import Receipt

ASKED_WITHIN = timedelta(days=1)
"""Age up to which a human is asked: an old log that is folded again asks for no one."""

BY = "gateway"

ARRIVED = frozenset({"accepted", "sent", "delivered", "read"})
_UNCLEAR = frozenset({"unknown", "in_doubt"})
"""Classes of a failure that says nothing about the message."""


def is_unsent(receipt: Receipt) -> bool:
    """True if a person has to look at the reply: it was parked (not by a restore), or failed for no known reason."""
    class_ = receipt.error.class_ if receipt.error is not None else None
    return (receipt.state == "parked" and class_ != "restored") or (receipt.state == "failed" and class_ in _UNCLEAR)


def came_in(chat: Chat, receipt: Receipt, seq: int, at: datetime) -> Chat:
    """The state after a receipt; the very same object if it changes nothing."""
    if is_unsent(receipt):
        if acknowledging.is_one(receipt.reply):
            return chat
        if chat.attention is not None or chat.unsent is not None or seq <= chat.began_at:
            return chat
        return replace(chat, inbound_seq=seq, unsent=Unsent(receipt.reply, _said(receipt), at))
    if receipt.state not in ARRIVED:
        return chat
    if chat.unsent is not None and chat.unsent.reply == receipt.reply:
        return replace(chat, inbound_seq=seq, unsent=None)
    if chat.attention is not None and chat.attention.id == asked_as(receipt.reply):
        return replace(chat, inbound_seq=seq, attention=None)
    return chat


def due(chat: Chat, now: datetime) -> AskAbout | None:
    """The reply that a human is to be asked about."""
    unsent = chat.unsent
    return AskAbout(unsent.reply) if unsent is not None and now - unsent.at <= ASKED_WITHIN else None


def ask(chat: Chat, about: AskAbout, facts: Facts) -> Attention | None:
    """The request for a human."""
    unsent = chat.unsent
    if unsent is None or unsent.reply != about.reply:
        return None
    text = (
        f"A reply may not have arrived, and is not sent again by itself ({unsent.said}). Its “why?” tells what is "
        "known. If it did not arrive, send it by hand; “resume” says that it is seen to."
    )
    return Attention(id=asked_as(about.reply), text=text[:LONGEST_NOTE], by=BY, at=facts.at)


def asked_as(reply: str) -> str:
    """The id of the request about a reply."""
    return f"{reply[:510]}.h"


def is_about_a_reply(event: Attention) -> bool:
    """True if it asks about a reply alone: no turn and no order gives the chat to a human."""
    return event.turn is None and event.cause is None


def _said(receipt: Receipt) -> str:
    error, words = receipt.error, [str(receipt.state)]
    if error is not None:
        words += [word for word in (error.class_, error.code and f"code {error.code}", error.detail) if word]
    return ", ".join(word[:LONGEST_NAME] for word in words)
