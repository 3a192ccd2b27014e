"""The token budget of a replay: a call is counted by estimate before it is made, and by its real usage afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Self

PICTURE = 1_500
"""Estimated tokens of a file that the model gets unchanged."""

ANSWER = 300
"""Smallest estimate of an answer's tokens; a longer answer in the log raises it."""


class CapReached(Exception):
    """The next call may cost more than the rest of `limit` tokens."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the next call might go beyond {limit:,} tokens")
        self.limit = limit


class Spending:
    """A budget of `limit` tokens. `spent` is the cost of ended turns; tokens for running calls are set aside."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.spent = 0
        self.is_over = False
        """True once the limit was reached: no further turn begins."""
        self._held = 0
        self._changed = asyncio.Condition()

    def purse(self) -> Purse:
        return Purse(self)

    async def hold(self, tokens: int, *, first: bool) -> None:
        """Set `tokens` aside for a call. The `first` call of a turn waits for running turns, which may cost less than
        their estimates. Raises CapReached."""
        async with self._changed:
            if first:
                await self._changed.wait_for(lambda: self.is_over or not self._held or self._fits(tokens))
            if (first and self.is_over) or not self._fits(tokens):
                self.is_over = True
                self._changed.notify_all()
                raise CapReached(self.limit)
            self._held += tokens

    async def settle(self, held: int, cost: int) -> None:
        """Replace the `held` tokens of an ended turn by its `cost`."""
        async with self._changed:
            self._held -= held
            self.spent += cost
            self._changed.notify_all()

    def _fits(self, tokens: int) -> bool:
        return self.spent + self._held + tokens <= self.limit


class Purse:
    """The tokens that one turn sets aside. When the block is left, `cost` replaces them; None leaves the estimate."""

    def __init__(self, spending: Spending) -> None:
        self._spending = spending
        self._held = 0
        self.cost: int | None = None

    async def hold(self, tokens: int) -> None:
        """Set more tokens aside. Raises CapReached."""
        await self._spending.hold(tokens, first=not self._held)
        self._held += tokens

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._spending.settle(self._held, self._held if self.cost is None else self.cost)


def tokens_of(texts: Iterable[str]) -> int:
    """An estimate of the tokens of these texts, rather too high: no tokenizer in use makes more than one token of three
    bytes, except of rare characters and long numbers."""
    return sum(len(text.encode(errors="replace")) // 3 + 4 for text in texts)
