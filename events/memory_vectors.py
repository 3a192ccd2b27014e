"""Shared vectors in memory, for tests and for commands without a bus."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count

from events.vectors import Counted, Vectors


class MemoryVectors:
    """SharedVectors over a dict; nothing in it grows old.

    - `stored`: the portions by their names.
    - `tokens`: by model.
    """

    def __init__(self) -> None:
        self.stored: dict[str, Vectors] = {}
        self.tokens: dict[str, int] = {}
        self._claims: dict[str, int] = {}
        self._numbers = count(1)

    async def of(self, name: str) -> Vectors | None:
        return self.stored.get(name)

    async def claim(self, name: str) -> int | None:
        if name in self.stored or name in self._claims:
            return None
        self._claims[name] = next(self._numbers)
        return self._claims[name]

    async def keep(self, name: str, claim: int, vectors: Vectors) -> None:
        if self._claims.pop(name, None) == claim:
            self.stored[name] = vectors

    def expire(self) -> None:
        """Let all claims end."""
        self._claims.clear()

    async def tidy(self, kept: Collection[str]) -> int:
        ended = self.stored.keys() - set(kept)
        for name in ended:
            del self.stored[name]
        return len(ended)

    async def sweep(self) -> int:
        return 0

    async def count(self, model: str, tokens: int) -> None:
        self.tokens[model] = self.tokens.get(model, 0) + tokens

    async def counted(self, since: str = "") -> list[Counted]:
        return [Counted(since, model, tokens) for model, tokens in self.tokens.items()]
