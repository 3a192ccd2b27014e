"""English words that keep their template and its values, so that a page can say them in its own language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self


class Phrase(str):
    """A sentence or a part of one; as a text it is English.

    - `text`: its words in English, with `%(name)s` for a value; without values as it is. It is a key of the catalogs.
    - `values`: by their names: a Phrase, a whole number, a number with one decimal (float), or a text that is the same
      in every language.
    """

    __slots__ = ("text", "values")
    text: str
    values: Mapping[str, object]

    def __new__(cls, text: str, /, **values: object) -> Self:
        made = super().__new__(cls, text % _english(values) if values else text)
        made.text, made.values = text, values
        return made


class Counted(Phrase):
    """A phrase with a singular and a plural.

    - `text`, `many`: its words for one and for several.
    - `num`: the number, which is a value of its own too.
    """

    __slots__ = ("many", "num")
    many: str
    num: int

    def __new__(cls, text: str, many: str, num: int, /, **values: object) -> Self:
        made = str.__new__(cls, (text if num == 1 else many) % _english({"num": num} | values))
        made.text, made.many, made.num, made.values = text, many, num, values
        return made


class Together(Phrase):
    """Phrases one after the other.

    - `text`: the signs between two of them.
    - `parts`: the phrases that are not empty.
    """

    __slots__ = ("parts",)
    parts: tuple[str, ...]

    def __new__(cls, parts: Iterable[str], between: str = ", ") -> Self:
        there = tuple(part for part in parts if part)
        made = str.__new__(cls, between.join(there))
        made.text, made.values, made.parts = between, {}, there
        return made


def _english(values: Mapping[str, object]) -> dict[str, str]:
    return {name: english(value) for name, value in values.items()}


def english(value: object) -> str:
    """A value of a phrase as English writes it."""
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
