"""The settings of money: the prices of models, and limits on a day's cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from chat.spending import CostLimit, Price, price_of
from events.phrases import Phrase
from recado.settings.model import ModelSettings
from recado.settings.prices import PriceFile, price_file, shipped
from recado.settings.variables import Reader, Variable

LOCAL = "smollm2"
"""The name of the small local model in the file of prices."""

_ZERO = Decimal(0)


def dollars() -> Reader:
    def read(given: str) -> Decimal:
        whole, _, cents = given.partition(".")
        if not (whole.isdecimal() and whole.isascii() and len(whole) <= 9) or (
            cents != "" and not (cents.isdecimal() and cents.isascii() and len(cents) <= 6)
        ):
            raise ValueError(Phrase("which is no sum of US dollars: write one like 0.50 or 20, without a sign"))
        return Decimal(given.removesuffix("."))

    return Reader(Phrase("US dollars, such as 0.50 or 20"), read)


@dataclass(frozen=True, kw_only=True, repr=False)
class MoneySettings:
    """The settings of money."""

    prices: Annotated[
        PriceFile | None,
        Variable(
            name="RECADO_PRICES",
            reader=price_file(),
            meaning="A file of your own with prices of models, a line each; its lines take the place of those that "
            "recado brings. docs/costs.md shows its form.",
            example="prices.toml",
        ),
    ] = None
    max_cost_per_chat_per_day: Annotated[
        Decimal,
        Variable(
            name="RECADO_MAX_COST_PER_CHAT_PER_DAY",
            profile=True,
            reader=dollars(),
            meaning="The US dollars that a chat may cost in a day (UTC). After that its messages end as `ignored: "
            "budget`, before the model is asked. The price of every model in use must be known. 0: no limit.",
            example="0.50",
        ),
    ] = _ZERO
    max_cost_per_account_per_day: Annotated[
        Decimal,
        Variable(
            name="RECADO_MAX_COST_PER_ACCOUNT_PER_DAY",
            reader=dollars(),
            meaning="The same for all chats of a business number or device together.",
            example="20",
        ),
    ] = _ZERO


def prices_of(settings: MoneySettings) -> Mapping[str, Price]:
    """The prices of models, by their names in small letters."""
    return {**shipped(), **(settings.prices.prices if settings.prices is not None else {})}


def models_in_use(settings: ModelSettings, speech: str, meaning: str = "") -> list[tuple[str, str]]:
    """The models that may be asked, each with the variable that names it.

    - `speech`: hears voice notes.
    - `meaning`: finds documents by their meaning.
    """
    finds = [(meaning, "OPENAI_EMBEDDING_MODEL")] if meaning else []
    if not settings.mode.has_provider:
        return finds
    saved = settings.saved
    if settings.wants_local_model:
        models = [(LOCAL, "OPENAI_MODEL")]
    else:
        models = [(settings.openai_model, "OPENAI_MODEL") if saved is None else (saved.id, saved.kind.variable)]
    if settings.fallback is not None:
        models.append((settings.fallback.model, "OPENAI_FALLBACK_MODEL"))
    hears = [(speech, "OPENAI_TRANSCRIPTION_MODEL")] if speech else []
    return [*models, *hears, *finds]


def money_problems(settings: MoneySettings, models: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The reasons not to start with a limit in money: it needs the price of every model in use."""
    limits = {
        "RECADO_MAX_COST_PER_CHAT_PER_DAY": settings.max_cost_per_chat_per_day,
        "RECADO_MAX_COST_PER_ACCOUNT_PER_DAY": settings.max_cost_per_account_per_day,
    }
    names = " and ".join(name for name, limit in limits.items() if limit)
    prices = prices_of(settings)
    for model, variable in models if names else ():
        if price_of(model, prices) is None:
            yield (
                f"{names} needs the price of {model} ({variable}), which is unknown: add a line for it to a file and "
                "set RECADO_PRICES to its path (docs/costs.md), or use RECADO_MAX_TOKENS_PER_CHAT_PER_DAY instead"
            )


def cost_limit(settings: MoneySettings, models: Sequence[tuple[str, str]], dollars: Decimal) -> CostLimit | None:
    """The limit of so many dollars; None: 0 is no limit. A model of unknown price counts as the dearest in use."""
    if not dollars:
        return None
    prices, otherwise = prices_of(settings), Price()
    for model, _ in models:
        price = price_of(model, prices)
        if price is not None and not price.minute:
            otherwise = otherwise.or_dearer(price)
    return CostLimit(dollars, prices, otherwise)
