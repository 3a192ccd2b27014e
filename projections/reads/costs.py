"""Usage in money, by the prices of today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from chat.spending import Price, cost_of
from events.usage import TokenUsage
from events.vectors import Counted
from projections.reads.usage_view import UsageView

DOCUMENTS = "documents"
"""In the place of a backend: the model made vectors of documents."""


class Costed(UsageView, frozen=True, kw_only=True):
    """Usage with its cost in US dollars; null: it is unknown."""

    dollars: Decimal | None


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """A sum in US dollars.

    - `dollars`: of everything whose price is known.
    - `replies`: the replies of unknown price.
    - `others`: the tokens of unknown price that no reply is counted for, as of failed turns.
    """

    dollars: Decimal = Decimal(0)
    replies: int = 0
    others: int = 0

    def __str__(self) -> str:
        missing = [f"{self.replies:,} replies"] if self.replies else []
        missing += [f"{self.others:,} tokens of turns without a reply"] if self.others else []
        if not missing:
            return in_dollars(self.dollars)
        return f"at least {in_dollars(self.dollars)} ({' and '.join(missing)} of unknown price)"


def of_documents(counted: Iterable[Counted]) -> tuple[UsageView, ...]:
    """The usage of vectors of documents, which belong to no chat."""
    return tuple(
        UsageView(
            account="",
            chat="",
            day=one.day,
            backend=DOCUMENTS,
            model=one.model,
            replies=0,
            input_tokens=one.tokens,
            output_tokens=0,
        )
        for one in counted
    )


def costed(found: Iterable[UsageView], prices: Mapping[str, Price]) -> tuple[Costed, ...]:
    """`found`, each with its cost."""
    return tuple(
        Costed(**{name: getattr(one, name) for name in one.__struct_fields__}, dollars=_dollars(one, prices))
        for one in found
    )


def total(found: Iterable[Costed]) -> Cost:
    """The sum of the costs in `found`."""
    dollars, replies, others = Decimal(0), 0, 0
    for one in found:
        if one.dollars is not None:
            dollars += one.dollars
        elif one.replies:
            replies += one.replies
        else:
            others += one.input_tokens + one.output_tokens
    return Cost(dollars=dollars, replies=replies, others=others)


def by_model(found: Iterable[Costed]) -> tuple[Costed, ...]:
    """The sums of `found` by backend and model; their other names are empty."""
    sums: dict[tuple[str, str], list[Costed]] = {}
    for one in found:
        sums.setdefault((one.backend, one.model), []).append(one)
    return tuple(_sum(backend, model, parts) for (backend, model), parts in sorted(sums.items()))


def in_dollars(dollars: Decimal | None) -> str:
    """The sum for people: to the cent from a dollar on, below that to two digits that count."""
    if dollars is None:
        return "unknown"
    if not dollars or dollars >= 1:
        return f"${dollars:,.2f}"
    places = max(2, 1 - dollars.adjusted())
    return f"${dollars:.{places}f}"


def _sum(backend: str, model: str, parts: list[Costed]) -> Costed:
    known = [one.dollars for one in parts if one.dollars is not None]
    return Costed(
        account="",
        chat="",
        day="",
        backend=backend,
        model=model,
        replies=sum(one.replies for one in parts),
        input_tokens=sum(one.input_tokens for one in parts),
        output_tokens=sum(one.output_tokens for one in parts),
        cached_tokens=sum(one.cached_tokens for one in parts),
        seconds=sum(one.seconds for one in parts),
        dollars=sum(known, Decimal(0)) if len(known) == len(parts) else None,
    )


def _dollars(one: UsageView, prices: Mapping[str, Price]) -> Decimal | None:
    return cost_of(
        one.model, TokenUsage.of(one.input_tokens, one.output_tokens, one.cached_tokens, one.seconds), prices
    )
