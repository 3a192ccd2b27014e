"""The plain reading of a file that was refused later: a message of its own in the ledger, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.parts import reading
from events.inbound import READING, REFUSED_FILE, Receipt, ReceiptError, ReceiptState
from events.log import EventLog
from events.memory_log import MemoryLog
from events.parts import Part
from gateways.cloud import tracker
from gateways.cloud.messages import messages_of
from gateways.delivery.sender import Outcome
from tests.gateways.delivery.test_ledger import STATES, Told
from tests.gateways.replies import ANA, Phone, decide, delivering, events, reply, until_noted

REFUSAL = ReceiptError(code=131053, class_="file_refused", detail="no")
FILES = (Part(kind="image", url="https://example.org/a.png"), Part(kind="document", url="https://example.org/b.pdf"))


def refused(part: int = 0, parts: int = 0, reply_: str = "r1") -> Receipt:
    return Receipt(
        id=f"wamid.{part}", reply=reply_, state="sending", part=part, parts=parts, error=REFUSAL, file=REFUSED_FILE
    )


def test_the_reply_goes_on_and_the_words_follow() -> None:
    """What is refused was taken: the reply's next part is due, and then the reading of the first."""
    told = Told()
    told.event(reply("r1"))
    told.event(Receipt(id="me.1", reply="r1", state="sending", part=1, parts=2))
    told.event(refused(1, 2))
    first = told.ledger.next(ANA.chat)
    assert first is not None
    assert (first.part, first.state, first.reading) == (2, None, None)
    told.event(Receipt(id="me.2", reply="r1", state="accepted", part=2, parts=2))
    second = told.ledger.next(ANA.chat)
    assert second is not None
    assert (second.part, second.parts, second.reading) == (1, 2, REFUSAL)
    told.event(Receipt(id="wamid.1", reply="r1", state="delivered", part=1, parts=2))
    assert told.ledger.next(ANA.chat) is second, "a status of the file itself is none of its words"
    told.event(Receipt(id="me.1f", reply="r1", state="accepted", part=1, parts=2, file=READING))
    assert told.ledger.next(ANA.chat) is None


def test_readings_of_several_parts_are_apart() -> None:
    told = Told()
    for part in (1, 2):
        told.event(refused(part, 2))
    told.event(Receipt(id="me.2f", reply="r1", state="failed", part=2, parts=2, file=READING))
    left = told.ledger.next(ANA.chat)
    assert left is not None
    assert left.part == 1
    assert told.ledger.checkpoint == 0, "a restart reads the refusal again"


@given(
    st.lists(
        st.builds(
            Receipt,
            id=st.just("x"),
            reply=st.sampled_from(["r1", "r2"]),
            state=st.sampled_from(STATES),
            part=st.integers(0, 3),
            parts=st.integers(0, 3),
            error=st.sampled_from([None, REFUSAL]),
            file=st.sampled_from(["", READING, REFUSED_FILE, "of a newer version"]),
            template=st.sampled_from([None, "hello:en"]),
            instead=st.sampled_from([None, "hello:en"]),
        ),
        max_size=12,
    )
)
def test_receipts_in_any_order(receipts: list[Receipt]) -> None:
    """The ledger takes them all; whatever is pending is named by its chat, and can be dropped."""
    told = Told()
    told.event(reply("r1"))
    for receipt in receipts:
        told.event(receipt)
    while (pending := told.ledger.next(ANA.chat)) is not None:
        told.ledger.drop(pending)
    assert told.ledger.chats == ()
    assert told.ledger.checkpoint == told.ledger.seq


async def test_it_is_sent_once(log: EventLog, data_dir: Path) -> None:
    """However often the refusal is reported, also to a gateway that starts again."""
    phone = Phone()
    phone.fails["r1:1"] = phone.fails["r1:2"] = Outcome("accepted")
    for start in range(2):
        async with delivering(log, phone, data_dir, split=messages_of):
            if not start:
                await decide(log, reply("r1", text=reading(FILES), parts=FILES))
                await phone.showing("r1:2")
            for number in range(2):
                await log.publish(ANA, refused(1, 2), msg_id=f"{start}{number}")
            await decide(log, reply(f"end{start}"))
            await until_noted(log, f"end{start} delivered")
        (data_dir / "gateway-local.json").unlink()
    assert phone.shown.count("r1:1") == 2
    found = [one.event for one in await events(log) if isinstance(one.event, Receipt)]
    words = [one for one in found if one.file == READING]
    assert [one.state for one in words] == ["sending", "accepted"]
    assert words[1].error == REFUSAL


@pytest.mark.parametrize("part", [1, 2, 3, 4])
async def test_a_refusal_of_what_is_no_file(data_dir: Path, part: int) -> None:
    """A text is not sent twice, and a part that is not there is not sent at all: it is parked by its number."""
    log, phone = MemoryLog(), Phone()
    said = (Part(kind="text", text="one"), Part(kind="text", text="two"), Part(kind="text", text="three"))
    async with delivering(log, phone, data_dir, split=messages_of):
        await decide(log, reply("r1", text=reading(said), parts=said))
        await phone.showing("r1:3")
        await until_noted(log, "r1 delivered")
        await log.publish(ANA, refused(part, 3), msg_id="1")
        await decide(log, reply("end"))
        await until_noted(log, "end delivered")
    assert phone.shown == ["r1:1", "r1:2", "r1:3", "end"]


@pytest.mark.parametrize("state", ["accepted", "delivered", "failed"])
def test_a_reading_that_went_at_once_is_the_part_itself(state: ReceiptState) -> None:
    told = Told()
    told.event(reply("r1"))
    told.event(Receipt(id="me.1", reply="r1", state="sending"))
    told.event(Receipt(id="me.1f", reply="r1", state=state, file=READING, error=REFUSAL))
    assert told.next() is None


def test_trackers_of_other_versions_are_read() -> None:
    """Those in flight at an update: without the field, and with one more."""
    assert tracker.read('["recado1","a@x","r1",1,2,null]') == tracker.Tracker("a@x", "r1", 1, 2)
    assert tracker.read('["recado1","a@x","r1",1,2,null,1,"new"]') == tracker.Tracker("a@x", "r1", 1, 2, None, 1)
