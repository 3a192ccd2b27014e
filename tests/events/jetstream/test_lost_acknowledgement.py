"""An append whose acknowledgement is lost is repeated, and the log has it once."""

from __future__ import annotations

import pytest

from events.jetstream.log import JetStreamLog
from events.log import LogUnavailable, WrongExpectedVersion
from tests.events.given import ANA, ignored, message, read_to_head
from tests.nats_proxy import NatsProxy


def _lose_one_ack(wire: NatsProxy) -> None:
    """Lose the next acknowledgement, and the connection with it."""

    def loses(_fields: list[bytes], payload: bytes) -> bool:
        if b'"stream":"EVENTS", "seq"' in payload or b'"stream":"EVENTS","seq"' in payload:
            wire.loses = lambda _fields, _payload: False
            wire.cut()
            return True
        return False

    wire.loses = loses


async def test_the_second_try_finds_the_first(remote_log: JetStreamLog, wire: NatsProxy) -> None:
    """Given a decision that was stored and its acknowledgement lost, when it is tried again, then that is success."""
    _lose_one_ack(wire)
    with pytest.raises(LogUnavailable):
        await remote_log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    again = await remote_log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    assert (wire.lost, again.seq, again.duplicate) == (1, 1, True)
    assert len(await read_to_head(remote_log)) == 1


async def test_a_second_try_behind_another_decision_is_a_conflict(
    remote_log: JetStreamLog, jetstream_log: JetStreamLog, wire: NatsProxy
) -> None:
    """Given a lost acknowledgement and another owner's decision since, then the second try is refused."""
    _lose_one_ack(wire)
    with pytest.raises(LogUnavailable):
        await remote_log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    other = await jetstream_log.append(ANA, ignored("m2"), expected=1, msg_id="other:1")
    with pytest.raises(WrongExpectedVersion) as caught:
        await remote_log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")
    assert caught.value.actual == other.seq


async def test_a_published_message_is_stored_once(remote_log: JetStreamLog, wire: NatsProxy) -> None:
    """Given an inbound message whose acknowledgement was lost, when it is published again, then it is there once."""
    _lose_one_ack(wire)
    with pytest.raises(LogUnavailable):
        await remote_log.publish(ANA, message("m1"), msg_id="in:a:m1")
    again = await remote_log.publish(ANA, message("m1"), msg_id="in:a:m1")
    assert (again.seq, again.duplicate) == (1, True)


async def test_an_append_waits_for_the_connection(remote_log: JetStreamLog, wire: NatsProxy) -> None:
    """Given a connection that was just cut, when something is appended, then it waits for the connection."""
    wire.cut()
    first = await _insist(remote_log)
    assert first == 1


async def _insist(log: JetStreamLog) -> int:
    while True:
        try:
            return (await log.append(ANA, ignored("m1"), expected=0, msg_id="inc:1")).seq
        except LogUnavailable:
            continue
