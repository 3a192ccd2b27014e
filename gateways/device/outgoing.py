"""Messages in WhatsApp's own format, as a device sends them."""

from __future__ import annotations

import time
from typing import Any

from neonize.proto.waCommon.WACommon_pb2 import MessageKey
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import (
    AudioMessage,
    ContactMessage,
    ContextInfo,
    DocumentMessage,
    ExtendedTextMessage,
    ImageMessage,
    LocationMessage,
    Message,
    ReactionMessage,
    StickerMessage,
    VideoMessage,
)

from events.jid import is_group
from events.parts import Part
from gateways.device.wire import Outgoing, Quote

_OPUS = "audio/ogg; codecs=opus"


def message_of(chat: str, said: str | Outgoing, quote: Quote | None) -> Message:
    """The message for the chat, with the message that it quotes."""
    if isinstance(said, str):
        if quote is None:
            return Message(conversation=said)
        return Message(extendedTextMessage=ExtendedTextMessage(text=said, contextInfo=_context(quote)))
    part = said.part
    if part.kind == "reaction":
        return Message(reactionMessage=_reaction(chat, said))
    fields = _fields(said) | ({"contextInfo": _context(quote)} if quote is not None else {})
    match part.kind:
        case "image":
            return Message(imageMessage=ImageMessage(**fields))
        case "video":
            return Message(videoMessage=VideoMessage(**fields))
        case "audio":
            return Message(audioMessage=AudioMessage(**fields))
        case "document":
            return Message(documentMessage=DocumentMessage(**fields))
        case "sticker":
            return Message(stickerMessage=StickerMessage(**fields))
        case "location":
            return Message(locationMessage=LocationMessage(**fields))
        case "contact":
            return Message(contactMessage=ContactMessage(**fields))
        case kind:
            raise ValueError(f"no message has the kind {kind!r}")


def vcard(part: Part) -> str:
    """A contact as RFC 2426 writes it; WhatsApp's own clients read the number from `waid`."""
    name = _escaped(part.name or "")
    lines = [f"TEL;type=CELL;waid={_digits(phone)}:+{_digits(phone)}" for phone in part.phones]
    return "\n".join(["BEGIN:VCARD", "VERSION:3.0", f"N:;{name};;;", f"FN:{name}", *lines, "END:VCARD"])


def _fields(said: Outgoing) -> dict[str, Any]:
    part, upload = said.part, said.upload
    if part.kind == "location":
        fields = {"degreesLatitude": part.latitude, "degreesLongitude": part.longitude}
        return _given(fields | {"name": part.name, "address": part.address})
    if part.kind == "contact":
        return {"displayName": part.name, "vcard": vcard(part)}
    if upload is None:
        raise ValueError(f"the {part.kind} was not uploaded")
    file = {
        "URL": upload.url,
        "directPath": upload.DirectPath,
        "mediaKey": upload.MediaKey,
        "fileEncSHA256": upload.FileEncSHA256,
        "fileSHA256": upload.FileSHA256,
        "fileLength": upload.FileLength,
        # A sound of OGG that does not name its codec is taken, and never delivered.
        "mimetype": _OPUS if said.mime == "audio/ogg" else said.mime,
    }
    if part.kind == "audio":
        return file | {"PTT": part.voice}
    if part.kind == "document":
        named = part.filename or "file"
        return _given(file | {"fileName": named, "title": named, "caption": part.caption})
    return _given(file | {"caption": part.caption}) if part.kind != "sticker" else file


def _reaction(chat: str, said: Outgoing) -> ReactionMessage:
    target = said.target
    if target is None:
        raise ValueError("the reaction has no message")
    key = MessageKey(remoteJID=chat, fromMe=not target.sender, ID=target.id)
    if is_group(chat) and target.sender:
        key.participant = target.sender
    return ReactionMessage(key=key, text=said.part.emoji, senderTimestampMS=int(time.time() * 1000))


def _context(quote: Quote) -> ContextInfo:
    return ContextInfo(stanzaID=quote.id, participant=quote.sender, quotedMessage=Message(conversation=quote.text))


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _digits(phone: str) -> str:
    return "".join(sign for sign in phone if sign.isascii() and sign.isdigit())


def _escaped(words: str) -> str:
    for sign in "\\,;":
        words = words.replace(sign, f"\\{sign}")
    return " ".join(words.split())
