"""Usage in money, and the words for it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from chat.spending import Price
from projections.reads.costs import by_model, costed, in_dollars, total
from projections.reads.usage_view import UsageView

PRICES = {"small": Price(input=Decimal(1), cached=Decimal(1), output=Decimal(10))}


def usage(model: str, replies: int, read: int, written: int = 0) -> UsageView:
    return UsageView(
        account="a", chat="c", day="2026-11-22", backend="chat", model=model, replies=replies,
        input_tokens=read, output_tokens=written,
    )  # fmt: skip


def test_unknown_is_never_nothing() -> None:
    """A sum says what it lacks."""
    found = costed([usage("small", 2, 1_000_000), usage("other", 3, 50), usage("", 0, 70)], PRICES)
    assert [one.dollars for one in found] == [Decimal(1), None, None]
    said = str(total(found))
    assert said == "at least $1.00 (3 replies and 70 tokens of turns without a reply of unknown price)"
    assert str(total(found[:1])) == "$1.00"
    assert str(total(())) == "$0.00"


def test_by_model() -> None:
    """A model of which a part is unknown is unknown."""
    found = by_model(costed([usage("small", 2, 1_000_000), usage("small", 1, 0), usage("other", 1, 5)], PRICES))
    assert [(one.model, one.replies, one.dollars) for one in found] == [("other", 1, None), ("small", 3, None)]


@pytest.mark.parametrize(
    ("dollars", "said"),
    [(None, "unknown"), ("0", "$0.00"), ("0.5", "$0.50"), ("0.000123", "$0.00012"), ("1234.5", "$1,234.50")],
)
def test_in_dollars(dollars: str | None, said: str) -> None:
    """Small sums keep two digits that count."""
    assert in_dollars(Decimal(dollars) if dollars is not None else None) == said
