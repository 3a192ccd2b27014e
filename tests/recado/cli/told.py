"""A projection of a real log that has something of everything."""

from datetime import timedelta

import pytest

from events.decisions import Ignored, Paused, ThreadCreated, TurnError, TurnFailed, TurnStarted
from events.inbound import Control, Message, Receipt
from events.jetstream.log import JetStreamLog
from events.usage import TokenUsage
from tests.recado.command import Command
from tests.recado.instance import ANA, AT, BIA, decide, reply


@pytest.fixture
async def told(on_bus: Command, jetstream_log: JetStreamLog) -> Command:
    """A message that was answered, one that failed, one that was ignored, folded by `recado replay`."""
    log = jetstream_log
    await log.publish(ANA, Message(id="m1", text="hello", name="Ana"), msg_id="m1")
    await decide(
        log,
        TurnStarted(turn="t1", messages=("m1",), backend="chat", at=AT),
        ThreadCreated(backend="chat", thread="th1", reason="first", at=AT),
        reply(
            "m1",
            text="hello\nAna",
            id="r1",
            turn="t1",
            backend="chat",
            model="gpt",
            thread="th1",
            usage=TokenUsage(5, 2),
        ),
    )
    await log.publish(ANA, Receipt(id="c1", reply="r1", state="delivered"), msg_id="c1")
    await log.publish(ANA, Message(id="m2", text="and now?", name="Ana"), msg_id="m2")
    await log.publish(ANA, Message(id="m1", text="hello", name="Ana"), msg_id="m1 again")
    error = TurnError(class_="bad_key", detail="no such key")
    await decide(
        log,
        TurnStarted(turn="t2", messages=("m2",), backend="chat", at=AT),
        TurnFailed(turn="t2", messages=("m2",), error=error, told=True, at=AT),
        reply(text="Sorry!", id="t2.a", author="system", about="t2"),
    )
    await log.publish(BIA, Message(id="m3", kind="sticker"), msg_id="m3")
    await log.publish(BIA, Control(id="o1", command="pause", by="cli:eva"), msg_id="o1")
    await decide(log, Ignored(messages=("m3",), reason="unsupported_kind", at=AT), key=BIA)
    await decide(log, Paused(until=AT + timedelta(days=36500), by="cli:eva", cause="o1", at=AT), key=BIA)
    await log.publish(BIA, Message(id="m4", text="anybody?"), msg_id="m4")
    assert (await on_bus("replay")).code == 0
    return on_bus
