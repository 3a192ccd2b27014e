"""Disk space of a message and its reply: in the log, with a gateway's receipts, and in an instance's projection."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks.conversations import publish_conversations
from benchmarks.figures import Figure, Outcome, Say, figure
from benchmarks.people import key_of
from benchmarks.servers import nats_server
from events.inbound import Receipt, ReceiptState
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from projections import files
from projections.rebuild import rebuild

RECEIPTS: tuple[ReceiptState, ...] = ("sending", "accepted", "sent", "delivered", "read")
"""The receipts that the gateway of a business number writes about a reply."""


class Size(msgspec.Struct, frozen=True):
    """The number of chats, and of the person's messages in each; each message is answered."""

    chats: int = 200
    messages: int = 20


TINY = Size(chats=2, messages=3)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    replies = size.chats * size.messages
    with nats_server(folder / "nats") as server:
        bus = await Bus.open(server.url)
        log = await JetStreamLog.open(bus)
        say("writing the log")
        events = await publish_conversations(log, size.chats, size.messages)
        bare = (await log.head()).size
        for person in range(size.chats):
            key = key_of(person)
            for number in range(1, size.messages + 1):
                for state in RECEIPTS:
                    receipt = Receipt(
                        id=f"t{number}.r:{state}",
                        reply=f"t{number}.r",
                        provider_id="wamid.HBgNNTUxMTk5OTk5OTk5ORUCABEYEjQ1",
                        state=state,
                        at=datetime.now(UTC),
                    )
                    await log.publish(key, receipt, msg_id=f"receipt:{key.account}:{key.chat}:t{number}.r:{state}")
        whole = (await log.head()).size
        say("folding it")
        data = folder / "data"
        data.mkdir()
        await rebuild(log, data)
        live = files.live(data)
        projection = live.stat().st_size if live is not None else 0
        await log.close()
        await bus.close()
    figures: dict[str, Figure] = {
        "events of a message and its reply, with receipts": figure([events / replies + len(RECEIPTS)], "events"),
        "the log, a message and its reply": figure([bare / replies], "bytes"),
        "the log, with receipts": figure([whole / replies], "bytes"),
        "a projection, a message and its reply": figure([projection / replies], "bytes"),
    }
    return Outcome({"chats": size.chats, "messages": replies, "receipts of a reply": len(RECEIPTS)}, figures)
