"""Commands and the desk find a person's chat by each of their names, on the bus alone."""

from __future__ import annotations

import pytest

from events.admission import Approved
from events.inbound import Message
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.joining import Joined
from events.subjects import ChatKey
from gateways.addressing import ChatUnknown, find, find_all
from tests.gateways.names.given import following

LONG, SHORT = "5511987654321@s.whatsapp.net", "551187654321@s.whatsapp.net"
LID, USER = "99887766@lid", "BR.1349@bsuid"


async def test_by_each_name(bus: Bus, jetstream_log: JetStreamLog) -> None:
    """By the canonical one, an alias, another written form, and that of a chat that has closed."""
    key = ChatKey("me", SHORT)
    await jetstream_log.publish(key, Message(id="1", text="hi"), msg_id="1")
    assert await find(jetstream_log, LONG) == key  # before anybody wrote a name
    async with following(bus, jetstream_log) as names:
        await names.person("me", (SHORT, LID, USER))
    for name in (SHORT, LONG, LID, USER):
        assert await find(jetstream_log, name) == key
        assert await find_all(jetstream_log, name) == (key,)
        with pytest.raises(ChatUnknown):
            await find(jetstream_log, name, "other")
    closed = ChatKey("me", "77@lid")
    await jetstream_log.publish(closed, Message(id="1", text="hi"), msg_id="2")
    at = (await jetstream_log.head()).now
    await jetstream_log.append(closed, Joined(into=SHORT, at=at), expected=0, msg_id="x:1")
    await jetstream_log.append(closed, Approved(at=at), expected=3, msg_id="x:2")
    assert await find(jetstream_log, "77@lid") == key


async def test_nobody(jetstream_log: JetStreamLog) -> None:
    for name in (LONG, LID, USER):
        with pytest.raises(ChatUnknown):
            await find(jetstream_log, name)
