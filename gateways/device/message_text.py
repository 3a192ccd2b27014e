"""Kind, file and text of a message in WhatsApp's own format, as the chat and the model get them.

The format is `waE2E.Message`, after whatsmeow has removed the wrappers (disappearing, view once, caption).
"""

from __future__ import annotations

import re
from typing import Any

from neonize.proto.Neonize_pb2 import Message as MessageEvent
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import Message

from chat.references import words_of
from events import inbound
from gateways.device.message_references import answers_of, place_of

_KIND_OF = {
    "conversation": "text",
    "extendedTextMessage": "text",
    "imageMessage": "image",
    "audioMessage": "audio",
    "videoMessage": "video",
    "ptvMessage": "video",
    "documentMessage": "document",
    "stickerMessage": "sticker",
    "locationMessage": "location",
    "liveLocationMessage": "location",
    "contactMessage": "contact",
    "contactsArrayMessage": "contact",
    "reactionMessage": "reaction",
    "buttonsResponseMessage": "button",
    "listResponseMessage": "button",
    "templateButtonReplyMessage": "button",
    "interactiveResponseMessage": "button",
    "orderMessage": "text",
}
_MEDIA = frozenset({"image", "audio", "video", "document", "sticker"})
_SILENT = frozenset(
    {"messageContextInfo", "senderKeyDistributionMessage", "fastRatchetKeySenderKeyDistributionMessage"}
)
"""Fields for devices, not for people; they come with messages or alone."""

_CARD_PHONE = re.compile(r"^TEL[^:\r\n]*:(.+?)\r?$", re.MULTILINE | re.IGNORECASE)


def field_of(message: Message) -> str | None:
    """The name of the field with the content; None if the message has nothing for people."""
    present = [field.name for field, _ in message.ListFields() if field.name not in _SILENT]
    known = [name for name in present if name in _KIND_OF]
    return next(iter(known or present), None)


def kind_of(field: str) -> str:
    """The kind, as the log names it."""
    return _KIND_OF.get(field, "unsupported")


def inner_type_of(field: str) -> str | None:
    """The type of a message that recado does not know, by the Cloud API's name where that has one; else None."""
    if field in _KIND_OF:
        return None
    name = re.sub(r"Mess+age(V\d+)?$", "", field)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def text_of(message: Message, field: str) -> str | None:
    """The message's text; None if it has none."""
    part = getattr(message, field)
    match field:
        case "conversation":
            return str(part)
        case "extendedTextMessage" | "reactionMessage":
            return str(part.text)
        case "imageMessage" | "videoMessage" | "ptvMessage" | "documentMessage":
            return part.caption or None
        case "locationMessage":
            return _place(part, field, part.comment)
        case "liveLocationMessage":
            return _place(part, field, part.caption)
        case "contactMessage":
            return _card(part)
        case "contactsArrayMessage":
            return "\n".join(_card(card) for card in part.contacts) or None
        case "buttonsResponseMessage" | "templateButtonReplyMessage":
            return part.selectedDisplayText or None
        case "listResponseMessage":
            return f"{part.title} ({part.description})" if part.description else part.title or None
        case "interactiveResponseMessage":
            filled = words_of(answers=answers_of(part, field))
            return filled or part.body.text or part.nativeFlowResponseMessage.paramsJSON or None
        case "orderMessage":
            return "\n".join(filter(None, [f"Order: {part.itemCount} × {part.orderTitle}", part.message]))
        case _:
            return None


def media_of(message: Message, field: str, name: str) -> inbound.Media | None:
    """The message's file; `name` is its name in the object store."""
    if kind_of(field) not in _MEDIA:
        return None
    part: Any = getattr(message, field)
    return inbound.Media(
        object=name,
        mime=part.mimetype or None,
        size=part.fileLength if 0 < part.fileLength < 2**53 else None,  # it may have 64 bits
        sha256=part.fileSHA256.hex() or None,
        filename=(part.fileName or None) if field == "documentMessage" else None,
        voice=field == "audioMessage" and part.PTT,
    )


def context_of(message: Message, field: str) -> Any:
    """The message's `ContextInfo` (its quote and its mentions); None if it has none."""
    part = getattr(message, field)
    if field == "conversation" or "contextInfo" not in part.DESCRIPTOR.fields_by_name:
        return None
    return part.contextInfo if part.HasField("contextInfo") else None


def new_text_of(event: MessageEvent) -> str:
    """The new text of an edited message."""
    edited = event.Message.protocolMessage.editedMessage
    field = field_of(edited)
    return (text_of(edited, field) or "") if field is not None else ""


def _place(part: Any, field: str, comment: str) -> str:
    place = words_of(location=place_of(part, field)) or "Location"
    return f"{place}\n{comment}" if comment else place


def _card(card: Any) -> str:
    return "Contact: " + ", ".join([card.displayName or "somebody", *_CARD_PHONE.findall(card.vcard)])
