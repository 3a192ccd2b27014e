"""The token budget of a replay: a call is counted by estimate before it is made, and by its real usage afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Self

PICTURE = 1_500
"""Tokens that a file counts for which a model is shown as it is."""

ANSWER = 300
"""Tokens that an answer counts for, if the one of then was shorter or there was none."""


class CapReached(Exception):
    """One more call would cost more than is left of `limit` tokens."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the next call might go beyond {limit:,} tokens")
        self.limit = limit


class Spending:
    """At most `limit` tokens, with what is set aside for calls under way. `spent` is what turns have cost that are
    over."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.spent = 0
        self.is_over = False
        """No further turn begins."""
        self._held = 0
        self._changed = asyncio.Condition()

    def purse(self) -> Purse:
        return Purse(self)

    async def hold(self, tokens: int, *, first: bool) -> None:
        """Set `tokens` aside for a call. The `first` call of a turn waits for what is under way, which may cost less
        than was set aside for it. Raises CapReached."""
        async with self._changed:
            if first:
                await self._changed.wait_for(lambda: self.is_over or not self._held or self._fits(tokens))
            if (first and self.is_over) or not self._fits(tokens):
                self.is_over = True
                self._changed.notify_all()
                raise CapReached(self.limit)
            self._held += tokens

    async def settle(self, held: int, cost: int) -> None:
        """What `held` was set aside for is over, and has cost that much."""
        async with self._changed:
            self._held -= held
            self.spent += cost
            self._changed.notify_all()

    def _fits(self, tokens: int) -> bool:
        return self.spent + self._held + tokens <= self.limit


class Purse:
    """What one turn sets aside, until it is left; then its `cost` counts (None: nobody said, so what was set aside)."""

    def __init__(self, spending: Spending) -> None:
        self._spending = spending
        self._held = 0
        self.cost: int | None = None

    async def hold(self, tokens: int) -> None:
        """Set more aside. Raises CapReached."""
        await self._spending.hold(tokens, first=not self._held)
        self._held += tokens

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._spending.settle(self._held, self._held if self.cost is None else self.cost)


def tokens_of(texts: Iterable[str]) -> int:
    """About how many tokens these texts are, rather too many: no tokenizer that is in use makes more of a text than one
    for three bytes, but of rare signs and long numbers."""
    return sum(len(text.encode(errors="replace")) // 3 + 4 for text in texts)
