"""Every reader gets past every message that a publisher can store: one message must not stop them all."""

from __future__ import annotations

import asyncio

import pytest

from events.jetstream.log import JetStreamLog
from events.recorded import Unreadable
from tests.events.given import ANA, ignored, message, take
from tests.nats_server import NatsServer


async def _store(server: NatsServer, subject: bytes, headers: bytes | None) -> None:
    """Publish as no decent client would: the bytes go onto the socket as they are."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b'CONNECT {"verbose":false,"headers":true,"protocol":1}\r\n')
    if headers is None:
        writer.write(b"PUB %b 2\r\n{}\r\n" % subject)
    else:
        writer.write(b"HPUB %b %d %d\r\n%b{}\r\n" % (subject, len(headers), len(headers) + 2, headers))
    writer.write(b"PING\r\n")
    await reader.readuntil(b"PONG\r\n")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("subject", "headers"),
    [
        (b"wa.in.local.s\xe3o", None),
        (b"wa.in.local.\xff\xfe", None),
        (b"wa.in.local.a\x0bb", None),
        (b"wa.in.local.a\x0cb", None),
        (b"wa.in.local.a\x00b", None),
        (b"wa.in.local.*", None),
        (b"wa.in.>.x", None),
        (b"wa.in.local.=zz", None),
        (b"wa.in.local." + b"x" * 1024, None),
        (b"wa.in.local." + b"x" * 3000, None),
        (b"wa.in.local." + b"x" * 4050, None),
        (b"wa.in.local." + b"\xff" * 4050, None),
        (b"wa.in." + b"x" * 4000 + b".5511999990001=40s=2Ewhatsapp=2Enet", None),
        (b"wa.in." + b"x" * 2000 + b"." + b"y" * 2000, None),
        (b"wa.in.local.x", b""),
        (b"wa.in.local.x", b"XX"),
        (b"wa.in.local.x", b"NATS/1.0"),
        (b"wa.in.local.x", b"NATS/1.0 503 \xff\r\n\r\n"),
        (b"wa.in.local.x", b"NATS/1.0 \xff\xff\xff\r\n\r\n"),
        (b"wa.in.local.x", b"NATS/1.0 100 Idle Heartbeat\r\n\r\n"),
        (b"wa.in.local.x", b"NATS/1.0\r\nNats-Msg-Id: \xff\r\n\xff: y\r\n\r\n"),
        (b"wa.in.local.x", b"NATS/1.0\r\nRecado-Version: " + b"9" * 5000 + b"\r\n\r\n"),
        (b"wa.in.local.x", b"NATS/1.0\r\nRecado-Version: -1\r\n\r\n"),
    ],
)
async def test_the_tail_goes_on_behind_it(
    jetstream_log: JetStreamLog, nats_server: NatsServer, subject: bytes, headers: bytes | None
) -> None:
    """Given a hostile message, then it is unreadable and can be ended, and the next one comes."""
    await _store(nats_server, subject, headers)
    await jetstream_log.publish(ANA, message("m2"), msg_id="in:2")
    hostile, decent = await take(jetstream_log, 2)
    assert isinstance(hostile.event, Unreadable)
    assert decent.event == message("m2")
    ending = await jetstream_log.append(hostile.key, ignored("seq:1"), expected=0, msg_id="inc:1")
    last = await jetstream_log.last_decision(hostile.key)
    assert last is not None
    assert (last.seq, last.key) == (ending.seq, hostile.key)
