"""Shares the vectors that are made with other instances; what cannot be shared is made here alone."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Sequence
from typing import TypeVar

import structlog

from events.log import LogError
from events.vectors import SharedVectors, Vectors, name_of

_Result = TypeVar("_Result")

log = structlog.get_logger("recado.knowledge")


class Sharing:
    """The shared vectors, for one round of the worker.

    - `works`: no request of the round has failed. After one that has, each piece is made here.
    """

    def __init__(self, shared: SharedVectors | None) -> None:
        self._shared = shared
        self.works = shared is not None

    def name_of(self, space: str, size: int, digests: Sequence[bytes]) -> str | None:
        """The name of a portion; None: it is not shared."""
        return name_of(space, size, digests) if self.works else None

    async def of(self, name: str, size: int, digests: Collection[bytes]) -> Vectors | None:
        """The vectors of a portion; None: they are not there, or other ones are."""
        found = await self._tried(self._shared.of(name)) if self._shared is not None else None
        if found is not None and any(
            one not in digests or (vector is not None and (not vector or len(vector) % size)) for one, vector in found
        ):
            log.warning("vectors_not_usable", object=name, reason="they are of other pieces, or have another length")
            return None
        return found

    async def claim(self, name: str) -> int | None:
        """The argument of `keep`; None: there is nothing to keep, since it is there, or another instance makes
        it."""
        return await self._tried(self._shared.claim(name)) if self._shared is not None else None

    async def keep(self, name: str, claim: int, vectors: Vectors) -> None:
        if self._shared is not None:
            await self._tried(self._shared.keep(name, claim, vectors))

    async def sweep(self) -> None:
        if self._shared is not None and (cleared := await self._tried(self._shared.sweep())):
            log.info("left_vectors_cleared", portions=cleared, reason="a crash left their bytes without a description")

    async def tidy(self, kept: Collection[str]) -> None:
        if self._shared is not None and (ended := await self._tried(self._shared.tidy(kept))):
            log.info("shared_vectors_dropped", portions=ended, reason="no document has had them for a day")

    async def _tried(self, request: Awaitable[_Result]) -> _Result | None:
        try:
            return await request
        except LogError as failure:
            if self.works:
                log.warning("vectors_not_shared", reason=str(failure), then="this instance makes its own")
            self.works = False
            return None
