"""Parses the events of a linked device into events of the log. Pure; the inbox later unites the names of one person.

Nothing is dropped: an event that belongs to no chat is a Notice, to be logged, and an unreadable one raises a
ValueError.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec
from neonize.proto.Neonize_pb2 import JID
from neonize.proto.Neonize_pb2 import Message as MessageEvent
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import ProtocolMessage

from events.inbound import LONGEST_ID, Edit, Message, Revoke
from events.jetstream.media_store import COMES_LATER
from events.jid import PHONE, MalformedJid, canonical, is_group
from events.numbers import time_at
from events.subjects import token
from gateways.device.message_references import references_of
from gateways.device.message_text import context_of, field_of, inner_type_of, kind_of, media_of, new_text_of, text_of

LID = "@lid"

_NOBODY = frozenset({"broadcast", "newsletter", "bot"})
_CHANGES = frozenset({ProtocolMessage.REVOKE, ProtocolMessage.MESSAGE_EDIT})
_BOT = re.compile(r"1313555\d{4}|131655500\d{2}")
"""Numbers of Meta's own bots (whatsmeow's `JID.IsBot`)."""


class Notice(msgspec.Struct, frozen=True):
    """An event that belongs to no chat; `what` names it in logs."""

    what: str


class Arrived(msgspec.Struct, frozen=True):
    """An event for the log.

    - `chat`: the chat's canonical names, the phone number first.
    - `sender`: the canonical names of the person who wrote in a group, the phone number first; else empty.
    - `event`: the event, still without the names.
    """

    chat: tuple[str, ...]
    sender: tuple[str, ...]
    event: Message | Edit | Revoke


def parse(event: MessageEvent, account: str) -> Arrived | Notice:
    """The event of a message. Raises MalformedJid, ValueError."""
    source = event.Info.MessageSource
    if is_nobody(source.Chat) or is_nobody(source.Sender):
        return Notice("not_a_chat")
    protocol = event.Message.protocolMessage if event.Message.HasField("protocolMessage") else None
    field = field_of(event.Message)
    if field is None or (protocol is not None and not (protocol.HasField("type") and protocol.type in _CHANGES)):
        return Notice("for_devices")
    others = source.RecipientAlt if source.IsFromMe else source.SenderAlt
    group = is_group(_jid(source.Chat))
    chat = (_jid(source.Chat),) if group else names(source.Chat, others)
    sender = names(source.Sender, source.SenderAlt) if group and not source.IsFromMe else ()
    return Arrived(chat, sender, _event(event, field, account, group=group))


def is_nobody(jid: JID) -> bool:
    """True if `jid` is a broadcast list, a channel or a bot, which are no chats."""
    return jid.Server in _NOBODY or (jid.Server == "s.whatsapp.net" and _BOT.fullmatch(jid.User) is not None)


def names(*jids: JID) -> tuple[str, ...]:
    """The canonical names of one person, the phone number first, each once."""
    found = [_jid(jid) for jid in jids if jid.User]
    if not found:
        raise ValueError("it does not say whose it is")
    return tuple(sorted(dict.fromkeys(found), key=lambda name: not name.endswith(PHONE)))


def at_seconds(seconds: int) -> datetime | None:
    """The time in `seconds` since 1970; None if `seconds` is no valid time."""
    return time_at(seconds) if seconds > 0 else None


def file_name(account: str, id_: str) -> str:
    """The name of a message's file in the object store; the file comes after the message is in the log."""
    return f"{COMES_LATER}{token(account)}.{token(id_)}"


def _event(event: MessageEvent, field: str, account: str, *, group: bool) -> Message | Edit | Revoke:
    info = event.Info
    id_, at = _named(info.ID), at_seconds(info.Timestamp / 1000)  # whatsmeow gives receipts in s, messages in ms
    if field == "protocolMessage":
        protocol = event.Message.protocolMessage
        of = _named(protocol.key.ID)
        if protocol.type == ProtocolMessage.REVOKE:
            return Revoke(id=id_, of=of, at=at)
        return Edit(id=id_, of=of, text=new_text_of(event), at=at)
    context = context_of(event.Message, field)
    quoted = event.Message.reactionMessage.key.ID if field == "reactionMessage" else getattr(context, "stanzaID", "")
    return Message(
        id=id_,
        name=info.Pushname or None,
        at=at,
        kind=kind_of(field),
        text=text_of(event.Message, field),
        media=media_of(event.Message, field, file_name(account, id_)),
        quoted=quoted or None,
        mentions=_mentions(context),
        group=group,
        from_me=info.MessageSource.IsFromMe,
        unsupported=inner_type_of(field),
        **references_of(event.Message, field, context),
    )


def _mentions(context: Any) -> tuple[str, ...]:
    """The mentioned JIDs. A mention that is no JID of a person (the whole group, a bot) is left out."""
    found = []
    for jid in context.mentionedJID if context is not None else ():
        try:
            found.append(canonical(jid))
        except MalformedJid:
            continue
    return tuple(found)


def _jid(jid: JID) -> str:
    return canonical(f"{jid.User}@{jid.Server}")


def _named(id_: str) -> str:
    if not 1 <= len(id_) <= LONGEST_ID:
        raise ValueError(f"its id has {len(id_)} characters, not 1 to {LONGEST_ID}")
    return id_
