"""Chats that an older version left double are found, and joined when that is wanted."""

from __future__ import annotations

from datetime import UTC, datetime

from events.inbound import Message
from events.joining import Joined
from events.memory_log import MemoryLog
from events.subjects import ChatKey
from projections.in_memory import InMemoryProjection
from projections.reads.queries import Queries
from recado.doctor.aliases import Double, doubles, order_join

ANA, ANA_LID = "12025550143@s.whatsapp.net", "99887766@lid"
LONG, SHORT = "5511987654321@s.whatsapp.net", "551187654321@s.whatsapp.net"
TOM = "447700900123@s.whatsapp.net"


async def test_doubles() -> None:
    """By a message that named both, and by two forms of a number; the older chat stays."""
    log = MemoryLog()
    for number, (chat, aliases) in enumerate(
        ((ANA, ()), (SHORT, ()), (ANA_LID, (ANA,)), (LONG, ()), (TOM, ("1@lid",)))
    ):
        message = Message(id=str(number), text="hi", aliases=aliases)
        await log.publish(ChatKey("me", chat), message, msg_id=str(number))
    await log.publish(ChatKey("other", LONG), Message(id="1", text="hi"), msg_id="")
    projection = InMemoryProjection.empty(datetime.now(UTC))
    tail = log.tail(0)
    projection.fold(await anext(tail))
    queries = Queries(projection)  # type: ignore[arg-type]
    found = list(doubles(queries))
    assert [(one.account, one.chat, one.other) for one in found] == [("me", ANA, ANA_LID), ("me", SHORT, LONG)]
    assert isinstance(found[0], Double)
    await order_join(log, found[0], "cli:ana")
    orders = await anext(tail)
    assert [(one.key.chat, one.type) for one in orders] == [(ANA, "control"), (ANA_LID, "control")]
    at = (await log.head()).now
    await log.append(ChatKey("me", ANA_LID), Joined(into=ANA, at=at), expected=0, msg_id="x:1")
    projection.fold([*orders, *await anext(tail)])
    assert [(one.chat, one.other) for one in doubles(queries)] == [(SHORT, LONG)]
    await log.close()
    projection.close()
