"""A reply in several parts: its pending part follows from the receipts of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat.receipts import of_whole
from events.decisions import Reply
from events.inbound import Receipt, ReceiptError, ReceiptState
from events.log import EventLog
from events.memory_log import MemoryLog
from gateways.delivery.sender import Outcome
from tests.gateways.delivery.test_ledger import Told
from tests.gateways.replies import ANA, Phone, delivering, receipts, reply, say, until_noted, until_settled


def in_words(made: Reply) -> list[str]:
    """`text of r1` goes out in three parts."""
    return made.text.split()


class Parts(Told):
    """A ledger with one reply in three parts."""

    def __init__(self) -> None:
        super().__init__()
        self.event(reply("r1"))

    def part(self, number: int, state: ReceiptState, error: ReceiptError | None = None) -> None:
        self.event(Receipt(id=f"me.{number}", reply="r1", state=state, part=number, parts=3, error=error))

    @property
    def pending(self) -> tuple[int, ReceiptState | None] | None:
        pending = self.ledger.next(ANA.chat)
        return (pending.part, pending.state) if pending else None


def test_the_next_part_is_owed_when_the_one_before_is_taken() -> None:
    told = Parts()
    seen = []
    for number in (1, 2, 3):
        for state in ("sending", "accepted", "delivered"):
            seen.append(told.pending)
            told.part(number, state)  # type: ignore[arg-type]
    assert seen == [
        (1, None), (1, "sending"), (2, None),
        (2, None), (2, "sending"), (3, None),
        (3, None), (3, "sending"), None,
    ]  # fmt: skip


@pytest.mark.parametrize("state", ["failed", "parked"])
def test_a_part_that_cannot_be_sent_ends_the_reply(state: ReceiptState) -> None:
    """Nobody is sent the end of something of which the middle is missing."""
    told = Parts()
    told.part(1, "accepted")
    told.part(2, state)
    assert told.pending is None


def test_word_of_an_earlier_part_changes_nothing() -> None:
    """Statuses come late; only a failure of it ends the reply."""
    told = Parts()
    told.part(1, "accepted")
    told.part(2, "sending")
    told.part(1, "read")
    assert told.pending == (2, "sending")
    told.part(1, "failed")
    assert told.pending is None


def test_a_part_that_was_not_sent_is_free_again() -> None:
    """`sending` with an error gives the claim back: the next `sending` has it."""
    told = Parts()
    told.part(1, "accepted")
    told.part(2, "sending")
    told.part(2, "sending", ReceiptError(code=131056, class_="pair_throttle"))
    assert told.pending == (2, None)
    told.event(Receipt(id="other.2", reply="r1", state="sending", part=2, parts=3))
    pending = told.ledger.next(ANA.chat)
    assert pending is not None
    assert pending.claim == "other.2"


def test_the_last_parts_state_is_the_whole_replys() -> None:
    """A reader that knows nothing of parts asks this."""
    assert of_whole("delivered", 1, 3, None) == "sending"
    assert of_whole("delivered", 3, 3, None) == "delivered"
    assert of_whole("failed", 1, 3, None) == "failed"
    assert of_whole("read", 0, 0, None) == "read"
    assert of_whole("delivered", 0, 0, "hello:en") == "failed"


async def test_parts_are_sent_in_order(log: EventLog, data_dir: Path) -> None:
    """Each one claimed and accounted for, then the chat's next reply."""
    phone = Phone()
    async with delivering(log, phone, data_dir, split=in_words):
        await say(log, "r1", "r2")
        await until_noted(log, "r2 delivered")
    assert phone.shown == ["r1:1", "r1:2", "r1:3", "r2:1", "r2:2", "r2:3"]
    assert await receipts(log, "r1") == ["sending", "delivered"] * 3


async def test_a_reply_that_would_be_split_otherwise_now(data_dir: Path) -> None:
    """Begun by a version that made two parts of it: the rest is parked by name, not sent from the wrong place."""
    log = MemoryLog()
    async with delivering(log, Phone(), data_dir):
        pass
    await say(log, "r1")
    await log.publish(ANA, Receipt(id="old", reply="r1", state="accepted", part=1, parts=2), msg_id="")
    phone = Phone()
    async with delivering(log, phone, data_dir, split=in_words):
        await until_settled(log, "r1")
    assert phone.shown == []


async def test_later_means_later(log: EventLog, data_dir: Path) -> None:
    """What was not sent for certain is sent again, and what it waited for stands in the log."""
    phone = Phone()
    throttled = ReceiptError(class_="pair_throttle")
    phone.fails["r1"] = Outcome("later", error=throttled, after=0.01)
    async with delivering(log, phone, data_dir):
        await say(log, "r1")
        await phone.until(lambda p: p.shown.count("r1") == 3)
        del phone.fails["r1"]
        await until_noted(log, "r1 delivered")
    states = await receipts(log, "r1")
    assert states[-2:] == ["sending", "delivered"]
    assert states.count("sending") == len(states) - 1 == 2 * (phone.shown.count("r1") - 1) + 1
