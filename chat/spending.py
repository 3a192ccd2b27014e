"""Spending of a chat: tokens by model, as the log has them, and their cost by the prices of today.

The state holds tokens, never money: prices change, and a fold gives the same state for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Self

import msgspec

from chat.fold_constants import MOST_MODELS
from events.usage import TokenUsage

UNKNOWN = ""
"""The model of tokens whose model no event names, as those of a failed turn in older logs."""

_NOTHING = TokenUsage()
_VERSION = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4})$")
_MILLION = Decimal(1_000_000)
_MINUTE = Decimal(60)


class Used(msgspec.Struct, frozen=True, gc=False):
    """The tokens of one model."""

    model: str
    usage: TokenUsage


def with_used(used: tuple[Used, ...], model: str, usage: TokenUsage) -> tuple[Used, ...]:
    """`used` and `usage` of `model`. From MOST_MODELS models on, further ones count as unknown."""
    if usage == _NOTHING:
        return used
    for place, one in enumerate(used):
        if one.model == model:
            return (*used[:place], Used(model, one.usage + usage), *used[place + 1 :])
    if len(used) >= MOST_MODELS and model != UNKNOWN:
        return with_used(used, UNKNOWN, usage)
    return (*used, Used(model, usage))


def by_model(model: str | None, usage: TokenUsage, others: Iterable[Used]) -> tuple[Used, ...]:
    """`usage` of a turn by model: that of `others`, and the rest, which `model` has used."""
    found, rest = tuple[Used, ...](), usage
    for one in others:
        found, rest = with_used(found, one.model, one.usage), rest - one.usage
    return with_used(found, model or UNKNOWN, rest)


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """The price of a model, in US dollars.

    - `input`, `cached`, `output`: a million tokens, of input, of input that the provider had in its cache, of output.
    - `minute`: a minute of speech.
    """

    input: Decimal = Decimal(0)
    cached: Decimal = Decimal(0)
    output: Decimal = Decimal(0)
    minute: Decimal = Decimal(0)

    def cost(self, usage: TokenUsage) -> Decimal:
        """The cost of `usage` in dollars. Speech that is priced by the minute costs nothing by tokens."""
        read, written, cached, seconds = usage.numbers
        if self.minute:
            return seconds * self.minute / _MINUTE
        cached = min(cached, read)
        return ((read - cached) * self.input + cached * self.cached + written * self.output) / _MILLION

    @property
    def is_free(self) -> bool:
        return not (self.input or self.cached or self.output or self.minute)

    def or_dearer(self, other: Self) -> Price:
        """The higher of both prices, each by itself."""
        return Price(**{name: max(getattr(self, name), getattr(other, name)) for name in self.__struct_fields__})


class CostLimit(msgspec.Struct, frozen=True):
    """A limit in money on a day.

    - `dollars`: the limit.
    - `prices`: by model as replies name it.
    - `otherwise`: the price of a model that is not among them.
    """

    dollars: Decimal
    prices: Mapping[str, Price]
    otherwise: Price

    def is_reached(self, used: Iterable[Used]) -> bool:
        """True if `used` costs the limit or more."""
        return self.cost(used) >= self.dollars

    def cost(self, used: Iterable[Used]) -> Decimal:
        """The cost of `used` in dollars."""
        costs = [(price_of(one.model, self.prices) or self.otherwise).cost(one.usage) for one in used]
        return sum(costs, Decimal(0))


def cost_of(model: str, usage: TokenUsage, prices: Mapping[str, Price]) -> Decimal | None:
    """The cost of `usage` of `model` in dollars; None: the price is not known, or the provider counted nothing."""
    price = price_of(model, prices)
    if price is None or price.is_free:
        return None if price is None else Decimal(0)
    is_counted = usage.seconds if price.minute else usage.input_tokens or usage.output_tokens
    return price.cost(usage) if is_counted else None


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """The price of `model`; None: it is not known. A dated version (`…-2026-09-22`) costs what its model costs."""
    name = model.lower()
    return prices.get(name) or prices.get(_VERSION.sub("", name))
