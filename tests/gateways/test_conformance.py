"""The judge of gateways: what it lets pass, and what it finds."""

from __future__ import annotations

import pytest

from events.inbound import Receipt, ReceiptError, ReceiptState
from events.recorded import Recorded
from events.subjects import ChatKey
from gateways.conformance import Conformance
from tests.gateways.replies import ANA, NOON, TOM

THROTTLED = ReceiptError(class_="pair_throttle")


def judged(*steps: str, key: ChatKey = ANA) -> Conformance:
    """`r1 sending`, `r1 sending!` (not sent after all), `r1 accepted 1/2`."""
    watched = Conformance(ANA, ["r1", "r2"])
    for seq, step in enumerate(steps, 1):
        reply, state, *part = step.split()
        number, parts = (int(each) for each in (part[0] if part else "0/0").split("/"))
        plain: ReceiptState = state.rstrip("!")  # type: ignore[assignment]
        error = THROTTLED if state.endswith("!") else None
        receipt = Receipt(id=f"c{seq}", reply=reply, state=plain, part=number, parts=parts, error=error)
        watched.fold(Recorded(seq, key, "i", "receipt", NOON, "", receipt))
    return watched


@pytest.mark.parametrize(
    "steps",
    [
        ("r1 sending", "r1 delivered", "r2 sending", "r2 accepted", "r2 read", "r2 sent"),
        ("r1 sending", "r1 sending!", "r1 sending", "r1 accepted", "r2 sending", "r2 failed"),
        ("r1 sending", "r1 in_doubt", "r1 parked", "r2 sending", "r2 accepted"),
        ("r1 sending 1/2", "r1 accepted 1/2", "r1 sending 2/2", "r1 accepted 2/2", "r2 sending", "r2 sent"),
    ],
)
def test_a_good_gateway(steps: tuple[str, ...]) -> None:
    watched = judged(*steps)
    assert watched.faults == []
    assert watched.is_done


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        (("r1 delivered",), "without a `sending`"),
        (("r1 sending", "r1 sending"), "begun a second time"),
        (("r1 sending", "r1 accepted", "r1 sending"), "begun a second time"),
        (("r1 sending", "r2 sending"), "may overtake"),
        (("r1 sending 1/2", "r1 accepted 1/2", "r1 accepted 2/2"), "part 2 of r1"),
        (("r1 sending 1/2", "r1 accepted 1/2", "r2 sending"), "may overtake"),
    ],
)
def test_a_bad_one(steps: tuple[str, ...], fault: str) -> None:
    assert fault in judged(*steps).faults[0]


def test_a_receipt_in_the_wrong_chat() -> None:
    assert judged("r1 sending", key=TOM).faults == ["a receipt of r1 stands in another chat"]


def test_late_receipts_are_named() -> None:
    assert judged("r1 sending", "r1 accepted", "r2 sending").unsettled() == ["r2"]
