"""Events as neonize gives them, made of its own classes, and the thread that brings them."""

from __future__ import annotations

import asyncio
import ctypes
from typing import Any

from neonize.events import EVENT_TO_INT
from neonize.proto.Neonize_pb2 import JID, Message, MessageInfo, MessageSource, Receipt
from neonize.proto.waCommon.WACommon_pb2 import MessageKey
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import Message as Body
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import ProtocolMessage

NOON_MS = 1_795_348_800_123
ANA, ANA_LID = "12025550143@s.whatsapp.net", "90071992547409@lid"
TOM, TOM_LID = "447700900123@s.whatsapp.net", "80081881818181@lid"
GROUP = "120363040000000001@g.us"
ME = "5511999999999@s.whatsapp.net"


def jid(name: str) -> JID:
    """A JID as whatsmeow has it, of `user.agent:device@server`."""
    user, _, server = name.partition("@")
    user, _, device = user.partition(":")
    user, _, agent = user.partition(".")
    return JID(
        User=user, RawAgent=int(agent or 0), Device=int(device or 0), Integrator=0, Server=server, IsEmpty=not server
    )


def message(
    id_: str = "3EB0AA01",
    body: Body | str = "hello",
    *,
    chat: str = ANA,
    sender: str | None = None,
    alt: str = "",
    to_alt: str = "",
    me: bool = False,
    name: str = "Ana",
) -> Message:
    """A message of `sender` (of `chat`, where that is one person)."""
    source = MessageSource(
        Chat=jid(chat),
        Sender=jid(sender or (ME if me else chat)),
        IsFromMe=me,
        IsGroup=chat.endswith("@g.us"),
        SenderAlt=jid(alt),
        RecipientAlt=jid(to_alt),
        BroadcastListOwner=jid(""),
        AddressingMode=1,
    )
    info = MessageInfo(
        MessageSource=source,
        ID=id_,
        ServerID=0,
        Type="text",
        Pushname=name,
        Timestamp=NOON_MS,
        Category="",
        Multicast=False,
        MediaType="",
        Edit="",
    )
    event = Message(Info=info, Message=Body(conversation=body) if isinstance(body, str) else body)
    for field in Message.DESCRIPTOR.fields:
        if field.name.startswith("Is"):
            setattr(event, field.name, False)
    event.UnavailableRequestID, event.RetryCount = "", 0
    return event


def revoke(of: str) -> Body:
    return Body(protocolMessage=ProtocolMessage(type=ProtocolMessage.REVOKE, key=MessageKey(ID=of)))


def edit(of: str, text: str) -> Body:
    new = Body(conversation=text)
    return Body(
        protocolMessage=ProtocolMessage(type=ProtocolMessage.MESSAGE_EDIT, key=MessageKey(ID=of), editedMessage=new)
    )


def receipt(*ids: str, type_: Any = Receipt.DELIVERED, chat: str = ANA, me: bool = False) -> Receipt:
    source = MessageSource(
        Chat=jid(chat),
        Sender=jid(ME if me else chat),
        IsFromMe=me,
        IsGroup=chat.endswith("@g.us"),
        SenderAlt=jid(""),
        RecipientAlt=jid(""),
        BroadcastListOwner=jid(""),
        AddressingMode=1,
    )
    return Receipt(MessageSource=source, MessageIDs=ids, Timestamp=NOON_MS // 1000, Type=type_)


async def bring(client: Any, event: Any) -> None:
    """Call neonize's hook as its library does: with bytes, on a thread of its own."""
    raw = event.SerializeToString()
    held = ctypes.create_string_buffer(raw, len(raw))
    address = ctypes.addressof(held)
    await asyncio.to_thread(client.event.execute, 0, address, len(raw), EVENT_TO_INT[type(event)])
