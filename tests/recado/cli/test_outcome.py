"""The sentence about a reply that was ordered: it is sent when a receipt says so, and not before."""

from __future__ import annotations

from typing import Any, cast

import pytest

from events.decisions import Decision, Paused, Resumed
from events.inbound import Control, Receipt, ReceiptError
from events.jetstream.connection import Bus
from events.memory_log import MemoryLog
from events.teamwork import Resolved
from recado.cli.outcome import delivery_of, outcome_of, sentence
from tests.recado.instance import ANA, AT, reply

NO_BUS = cast(Bus, None)
REPLY = reply(text="it is me", author="operator")
LATER = ReceiptError(class_="account_throttle", detail="too many at once")
REFUSED = ReceiptError(class_="window_closed", detail="24 hours are over")
NOT_LISTED = ReceiptError(class_="recipient", code=131030, detail="not in the list", do="add the phone")


def receipt(state: Any, **fields: Any) -> Receipt:
    return Receipt(id="c1", reply=REPLY.id, state=state, **fields)


@pytest.mark.parametrize(
    ("receipts", "told"),
    [
        ([receipt("sending")], "The reply is stored, not sent yet (the gateway is at it)."),
        (
            [receipt("sending", error=LATER)],
            (
                "The reply is stored, not sent yet ("
                "too many messages came from the number (account_throttle): too many at once)."
            ),
        ),
        ([receipt("accepted", part=1, parts=2)], "The reply is stored, not sent yet (the gateway is at it)."),
        ([receipt("sending"), receipt("accepted")], "Sent."),
        ([receipt("accepted", part=1, parts=2), receipt("accepted", part=2, parts=2)], "Sent."),
        ([receipt("delivered")], "Sent."),
        (
            [
                receipt("accepted", part=1, parts=2, file="reading", error=ReceiptError(class_="file_removed")),
                receipt("accepted", part=2, parts=2),
            ],
            "Sent, but not all of it: its file is not in the object store any more (file_removed).",
        ),
        (
            [receipt("sending"), receipt("failed", error=REFUSED)],
            (
                "Not sent: the person last wrote over 24 hours ago, and only a template may be sent (window_closed): "
                "24 hours are over."
            ),
        ),
        (
            [receipt("failed", error=NOT_LISTED)],
            "Not sent: this person cannot get messages (recipient): not in the list: add the phone.",
        ),
        ([receipt("accepted", template="hello")], "Not sent: failed."),
        ([receipt("parked")], "Not sent: parked."),
        ([receipt("in_doubt")], "In doubt: the gateway does not know whether it was sent, and looks for it."),
    ],
)
async def test_the_way_of_a_reply(receipts: list[Receipt], told: str) -> None:
    """As far as the receipts say."""
    log = MemoryLog()
    for number, one in enumerate(receipts):
        await log.publish(ANA, one, msg_id=str(number))
    delivery = await delivery_of(log, NO_BUS, ANA, REPLY.id, after=0, patience=0.05)
    outcome = outcome_of(ANA, Control(id="o1", command="send"), REPLY, delivery)
    assert sentence(outcome, REPLY) == told
    assert outcome.failed == told.startswith("Not sent")
    assert delivery.sent == told.startswith("Sent")


@pytest.mark.parametrize(
    ("command", "decision", "told"),
    [
        ("resume", Resumed(at=AT, unchanged=True), "Nothing changed: the chat was not paused."),
        ("pause", Paused(until=None, at=AT, unchanged=True), "Nothing changed: the chat was paused like this already."),
        ("reopen", Resolved(state="open", at=AT, unchanged=True), "Nothing changed: the chat was open already."),
        ("resume", Resumed(at=AT), "Resumed."),
        ("reopen", Resolved(state="open", at=AT), "Open again."),
    ],
)
def test_an_order_that_changed_nothing_is_not_done(command: Any, decision: Decision, told: str) -> None:
    """Neither in words nor in JSON. It is no failure: the chat stands as the order says."""
    outcome = outcome_of(ANA, Control(id="o1", command=command), decision)
    assert sentence(outcome, decision) == told
    assert outcome.state == ("unchanged" if told.startswith("Nothing") else "done")
    assert not outcome.failed
