"""Prices of models: the file that is shipped, and a file of one's own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from chat.spending import Price
from events.phrases import Phrase
from recado.settings.variables import Reader, nearest

SHIPPED = Path(__file__).with_name("prices.toml")

_EXAMPLE = '"my-model" = { input = 0.10, cached = 0.01, output = 0.50, source = "https://…", date = 2026-11-29 }'
_DOLLARS = ("input", "cached", "output", "minute")
_FIELDS = (*_DOLLARS, "source", "date")
_MOST = Decimal(1_000_000)
_LARGEST_FILE = 1_000_000
_MOST_SHOWN = 5
_AT_LINE = re.compile(r"at line (\d+)")


@dataclass(frozen=True)
class PriceFile:
    """A file of prices, by the names of models in small letters."""

    path: Path
    prices: Mapping[str, Price]

    def __str__(self) -> str:
        return str(self.path)


def price_file() -> Reader:
    """Reads the path of a file of prices, and the file, line by line."""

    def read(given: str) -> PriceFile:
        path = Path(given).expanduser()
        try:
            with path.open("rb") as file:
                content = file.read(_LARGEST_FILE + 1)
            if len(content) > _LARGEST_FILE:
                raise ValueError("which is no file of prices: it is larger than 1 MB")
            return PriceFile(path, prices_in(content.decode("utf-8-sig")))
        except OSError as error:
            raise ValueError(f"which cannot be read ({error.strerror}): give the path of a file of prices") from error
        except UnicodeDecodeError as error:
            raise ValueError("which is no text in UTF-8: save it as such") from error

    return Reader(Phrase("the path of a file of prices"), read)


@cache
def shipped() -> Mapping[str, Price]:
    """The prices that recado brings."""
    return prices_in(SHIPPED.read_text())


def prices_in(text: str) -> dict[str, Price]:
    """The prices in `text`. Raises ValueError with the line and the remedy of each fault."""
    try:
        lines = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError, InvalidOperation) as error:
        line = _AT_LINE.search(str(error))
        at = f"line {line[1]}" if line else "a line of it"
        raise ValueError(f"where {at} cannot be read ({error}): write one like {_EXAMPLE}") from error
    faults: list[str] = []
    prices: dict[str, Price] = {}
    for model, told in lines.items():
        found = [f"line {_line_of(model, text)}, {model[:60]!r}: {fault}" for fault in _faults(told)]
        if model.lower() in prices:
            found.append(f"line {_line_of(model, text)}, {model[:60]!r}: it is there twice, take one out")
        if found:
            faults += found
        else:
            prices[model.lower()] = _price(told)
    if faults:
        more = f"; and {len(faults) - _MOST_SHOWN} more" if len(faults) > _MOST_SHOWN else ""
        raise ValueError(f"where {'; '.join(faults[:_MOST_SHOWN])}{more}")
    return prices


def _faults(told: Any) -> list[str]:
    if not isinstance(told, dict):
        return [f"this is no price, write a line like {_EXAMPLE}"]
    if any(isinstance(value, dict) for value in told.values()):
        return [f"a name with a dot needs quotes around it, write a line like {_EXAMPLE}"]
    faults = [
        f"it has no {name[:30]!r}, write {nearest(name, _FIELDS) or 'one of ' + ', '.join(_FIELDS)}"
        for name in told
        if name not in _FIELDS
    ]
    faults += [
        f"{name} is {_shown(told[name])!r}, give dollars from 0 to 1000000, such as 0.50"
        for name in _DOLLARS
        if name in told and not _is_dollars(told[name])
    ]
    if "minute" not in told and not ("input" in told and "output" in told):
        faults.append("give input and output, or minute")
    if "minute" in told and any(name in told for name in ("input", "cached", "output")):
        faults.append("give tokens or minute, not both")
    if not isinstance(told.get("source", ""), str):
        faults.append("source is no text, put it in quotes")
    if type(told.get("date", date.min)) is not date:
        faults.append("date is no date, write it like 2026-11-29")
    return faults


def _shown(value: Any) -> str:
    try:
        return str(value)[:30]
    except ValueError:  # TOML has numbers in hex, and Python writes none of more than 4,300 digits
        return "a number"


def _is_dollars(value: Any) -> bool:
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        return False
    return Decimal(value).is_finite() and 0 <= value <= _MOST


def _price(told: Mapping[str, Any]) -> Price:
    # Without a price of its own, cached input costs as much as other input.
    given = {name: Decimal(told[name]) for name in _DOLLARS if name in told}
    return Price(**{"cached": given.get("input", Decimal(0))} | given)


def _line_of(model: str, text: str) -> int:
    """The number of the line that begins with the model's name."""
    for number, line in enumerate(text.splitlines(), 1):
        key = line.partition("=")[0].strip().strip("[]").strip()
        if key in (f'"{model}"', f"'{model}'", model) or key.startswith(f"{model}."):
            return number
    return 1
