"""Questions with their answers as a kind of document: pairs join, and one leaves. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from events.knowledge import Pair

NAME = "faq"
"""The document of pairs of a collection, where no other is named."""


def joined(pairs: Iterable[Pair], more: Iterable[Pair]) -> tuple[Pair, ...]:
    """The pairs with `more`: the answer to a question that is there is replaced in its place."""
    kept = {_same(pair.q): pair for pair in pairs}
    for pair in more:
        kept[_same(pair.q)] = pair
    return tuple(kept.values())


def without(pairs: Iterable[Pair], question: str) -> tuple[Pair, ...]:
    """The pairs but for those of this question."""
    return tuple(pair for pair in pairs if _same(pair.q) != _same(question))


def _same(question: str) -> str:
    """A form that questions share which differ in case and blanks alone."""
    return " ".join(unicodedata.normalize("NFKC", question).casefold().split())
