"""The way in: acknowledged only when stored, refused when the log has no room."""

from __future__ import annotations

import pytest

from events.inbound import Message
from events.log import EventLog, EventTooLarge, Head, LogUnavailable
from events.memory_log import MemoryLog
from gateways.intake import Intake, LogNearlyFull, MessageIdRefused
from tests.gateways.replies import ANA, TOM, events


async def test_a_message_is_in_the_log_when_it_is_acknowledged(log: EventLog) -> None:
    """Its id, its text and its sender's name are what came in."""
    stored = await Intake(log).store(ANA, Message(id="m1", text="olá", name="Ana"))
    recorded = (await events(log))[0]
    assert (recorded.seq, recorded.key, recorded.event) == (stored.seq, ANA, Message(id="m1", text="olá", name="Ana"))
    assert not stored.duplicate


async def test_the_same_id_again_is_stored_once(log: EventLog) -> None:
    """A sender that got no answer tries again: the log has the message once. In another chat the id is another's."""
    intake = Intake(log)
    first = await intake.store(ANA, Message(id="m1", text="hello"))
    again = await intake.store(ANA, Message(id="m1", text="hello"))
    other = await intake.store(TOM, Message(id="m1", text="hello"))
    assert (again.seq, again.duplicate, other.duplicate) == (first.seq, True, False)
    assert len(await events(log)) == 2


@pytest.mark.parametrize(("filled", "refused"), [(0.5, False), (0.95, True)])
async def test_a_nearly_full_log_takes_nothing_new(filled: float, refused: bool) -> None:
    """From 90 % on messages are refused with what to do, so that endings and receipts still fit."""
    log = MemoryLog(limit=10_000)
    message = Message(id="big", text="x" * int(10_000 * filled - 40))
    await log.publish(TOM, message, msg_id="")
    if refused:
        with pytest.raises(LogNearlyFull, match=r"95% full .* more max_bytes") as refusal:
            await Intake(log).store(ANA, Message(id="m1", text="hello"))
        assert refusal.value.limit == 10_000
        assert (await log.head()).last == 1
    else:
        await Intake(log).store(ANA, Message(id="m1", text="hello"))


async def test_a_message_over_the_servers_limit_is_refused(log: EventLog) -> None:
    """The error names both sizes, and nothing is stored."""
    with pytest.raises(EventTooLarge, match="shorten it"):
        await Intake(log).store(ANA, Message(id="m1", text="x" * 2_000_000))
    assert await events(log) == []


async def test_without_the_bus_nothing_is_acknowledged() -> None:
    """Whoever sends hears of it, and may send the same message again."""

    class Gone(MemoryLog):
        async def head(self) -> Head:
            raise LogUnavailable("no answer")

    with pytest.raises(LogUnavailable):
        await Intake(Gone()).store(ANA, Message(id="m1", text="hello"))


@pytest.mark.parametrize("size", [0, 257, 100_000])
async def test_an_unreadable_id_is_refused(log: EventLog, size: int) -> None:
    """The error says how long an id may be, and nothing is stored."""
    with pytest.raises(MessageIdRefused, match="1 to 256") as refusal:
        await Intake(log).store(ANA, Message(id="x" * size, text="hello"))
    assert refusal.value.size == size
    assert await events(log) == []


async def test_the_longest_id(log: EventLog) -> None:
    """What just fits comes back as it was."""
    await Intake(log).store(ANA, Message(id="x" * 256, text="hello"))
    assert [recorded.event for recorded in await events(log)] == [Message(id="x" * 256, text="hello")]
