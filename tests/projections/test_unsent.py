"""Replies that may not have arrived are listed until a later receipt says that they did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from events.inbound import Pricing, Receipt, ReceiptError
from tests.projections.conftest import Known
from tests.projections.past import ANA, Past


def noted(past: Past, state: Any, class_: str | None = None, reply: str = "r1", **fields: Any) -> None:
    error = ReceiptError(class_=class_) if class_ else None
    past.happened(Receipt(id=f"{reply}:{state}", reply=reply, state=state, error=error, **fields), ANA)


def listed(known: Known, past: Past) -> list[tuple[str, str]]:
    return [(one.what, one.type) for one in known.queries.trouble(past.now) if one.what == "unsent"]


def test_replies_that_are_listed(known: Known, past: Past) -> None:
    unsent = [("parked", None), ("parked", "in_doubt"), ("failed", "unknown"), ("failed", "in_doubt")]
    others = [("parked", "restored"), ("failed", "recipient"), ("failed", None), ("sending", "unknown")]
    for number, (state, class_) in enumerate(unsent + others):
        noted(past, state, class_, f"r{number}")
    known.after(past)
    assert sorted(listed(known, past)) == [("unsent", "failed")] * 2 + [("unsent", "parked")] * 2
    noted(past, "delivered", None, "r0")
    known.after(past)
    assert len(listed(known, past)) == 3
    assert known.queries.trouble(past.now + timedelta(days=8)) == ()


def test_the_price_class_is_kept(known: Known, past: Past) -> None:
    past.answered(1)
    noted(past, "sent", None, "t1.r", pricing=Pricing(billable=True, category="service"))
    known.after(past)
    (why,) = known.queries.why("t1.r")
    assert [bytes(one.pricing or b"") for one in why.receipts] == [b'{"billable":true,"category":"service"}']
